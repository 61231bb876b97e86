// Makes the report's tables sortable and its map obey the slider. Without it the report reads just as well.
(() => {
  document.documentElement.classList.add("scripts");

  const keyOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.key === undefined ? cell.textContent.trim() : Number(cell.dataset.key);
  };
  const compare = (a, b) =>
    typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true });

  const sort = (table, heading) => {
    const column = heading.cellIndex;
    const isUp = heading.getAttribute("aria-sort") !== "ascending";
    for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", isUp ? "ascending" : "descending");
    const body = table.tBodies[0];
    const rows = [...body.rows].sort((a, b) => compare(keyOf(a, column), keyOf(b, column)));
    body.append(...(isUp ? rows : rows.reverse()));
  };

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    for (const heading of table.tHead.rows[0].cells) {
      if (
        heading.textContent === "" ||
        table.tBodies[0].querySelector(`:nth-child(${heading.cellIndex + 1}) > svg`)
      )
        continue;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sort(table, heading));
      heading.append(button);
    }
  }

  const least = document.getElementById("least");
  if (least === null) return;
  const steps = JSON.parse(least.dataset.steps);
  const show = () => {
    const [count, text] = steps[Number(least.value)];
    document.querySelector("label[for=least]").textContent = text;
    least.setAttribute("aria-valuetext", text);
    for (const edge of document.querySelectorAll("#map .edge"))
      edge.classList.toggle("rare", Number(edge.dataset.count) < count);
  };
  least.addEventListener("input", show);
  show();
})();
