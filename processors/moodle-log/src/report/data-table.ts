import { type Markup, markup, type Part } from "./markup.js";

/** A column of a table. */
export interface Column {
  readonly heading: string;
  /** Whether its cells are numbers, which stand at the right; texts stand at the left. */
  readonly isNumber?: boolean;
}

/** A cell: what it shows and, where that does not sort as it is, what it is sorted by. */
export interface Cell {
  readonly shown: Part;
  readonly sortKey?: number;
}

/** A table. */
export interface DataTable {
  readonly caption: string;
  readonly columns: readonly Column[];
  /** The first cell of a row is its heading. */
  readonly rows: readonly (readonly Cell[])[];
  /** Whether its headings sort it where scripts may run. */
  readonly isSortable?: boolean;
}

/** A table with a caption and headings of columns and rows. */
export function dataTable({ caption, columns, rows, isSortable }: DataTable): Markup {
  const classOf = (at: number) => (columns[at]?.isNumber ? markup` class="number"` : undefined);
  const head = columns.map(({ heading }, at) => markup`<th scope="col"${classOf(at)}>${heading}</th>`);
  const body = rows.map((cells) => {
    const shown = cells.map(({ shown, sortKey }, at) => {
      const key = sortKey !== undefined && markup` data-key="${sortKey}"`;
      return at === 0
        ? markup`<th scope="row"${classOf(at)}${key}>${shown}</th>`
        : markup`<td${classOf(at)}${key}>${shown}</td>`;
    });
    return markup`<tr>${shown}</tr>\n`;
  });
  return markup`<div class="wide" tabindex="0" role="group" aria-label="${caption}"><table${isSortable === true && markup` data-sortable`}><caption>${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>${body}</tbody></table></div>`;
}

/** A table that is folded away until somebody asks for it. */
export function foldedTable(summary: string, table: DataTable): Markup {
  return markup`<details><summary>${summary}</summary>${dataTable(table)}</details>`;
}
