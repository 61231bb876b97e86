import { SaxesParser } from "saxes";
import { describe, expect, it } from "vitest";
import { runReview } from "./review-run.js";

const EN = { language: "en" };

/** Text of the page's elements of one name, tags inside them left out. */
function textsOf(page: string, element: string): readonly string[] {
  const pattern = new RegExp(`<${element}(?: [^>]*)?>(.*?)</${element}>`, "gs");
  return [...page.matchAll(pattern)].map(([, inside = ""]) => inside.replace(/<[^>]*>/g, ""));
}

/**
 * The elements and attributes of the body, which is read as XML: throws when an element is not closed in its
 * order, or an attribute holds a bare quote.
 */
function partsOf(page: string): ReadonlySet<string> {
  const parts = new Set<string>();
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    for (const part of [name, ...Object.keys(attributes)]) parts.add(part);
  });
  parser.write(page.slice(page.indexOf("<body>"), page.indexOf("</html>"))).close();
  return parts;
}

/** All that a page is made of. */
const PARTS = new Set(
  "body header h1 p dl div dt dd ul ol li b bdi main mark sup a pre span class aria-label title id href value".split(
    " ",
  ),
);

describe("the page", () => {
  it("runs and loads nothing of a hostile text or file name", async () => {
    const hostile = `It always rains </p></mark>"'<script>alert(1)</script><img src=x onerror="a()"> teh\u007f end.`;
    for (const filename of ['a"><script>.txt', "a<b>.md"]) {
      const { page } = await runReview(`${hostile}\n\n\`\`\`\n</pre><script>x</script>\n\`\`\`\n`, {
        filename,
        params: { ...EN, terms: [{ term: "rains", message: "<b onclick='x'>&", replacement: "</bdi><i>" }] },
      });
      expect([...partsOf(page)].filter((part) => !PARTS.has(part))).toEqual([]);
      expect(page).not.toMatch(/<script|https?:|url\(|\x7f/i);
      expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
      expect(page).toContain("default-src 'none'");
    }
  });

  it("marks each suggestion and leads from the mark to its note and back", async () => {
    const { page, all } = await runReview("It always was teh the the best.", { params: EN });
    expect(textsOf(page, "mark")).toEqual(["always", "teh", "the the"]);
    for (const { id } of all.suggestions) {
      expect(page).toContain(`<a id="m-${id}" href="#${id}">`);
      expect(page).toContain(`<li id="${id}" `);
      expect(page).toContain(`<a href="#m-${id}">`);
    }
    expect(textsOf(page, "li").slice(-3)).toEqual([
      "Note · Absolute term: “always” allows no exception. Is it true of every case?",
      "Error · Spelling: “teh” is not in the dictionary. Did you mean “the”?",
      "Error · Repeated word: “the the” repeats a word.",
    ]);
  });

  it("marks suggestions that overlap, without losing or doubling a letter", async () => {
    const sentence =
      "The committee, notwithstanding its considerable reservations regarding the methodological appropriateness of " +
      "the instruments which had never been previously administered, always undertook additional investigations.";
    const terms = [{ term: "been previously" }, { term: "always undertook" }];
    const { page, text } = await runReview(sentence, { params: { ...EN, terms } });
    const paragraph = page.slice(page.indexOf('<div class="row"><p>') + 20, page.indexOf("</p><ol>"));
    expect(paragraph.replace(/<sup>.*?<\/sup>/g, "").replace(/<[^>]*>/g, "")).toBe(text);
    expect(paragraph).toMatch(/<mark class="warning" title="[^"]*hard to read[^"]*your list of terms/);
    expect(paragraph).not.toMatch(/<mark[^>]*>[^<]*<mark/);
    expect(partsOf(page)).toContain("mark");
  });

  it("is in the language of the text and has its numbers", async () => {
    const { page } = await runReview("Lemos o o livro na aula.", { params: { language: "pt-br" } });
    expect(page).toContain('<html lang="pt-BR">');
    expect(textsOf(page, "dt")).toEqual(["sugestões", "palavras", "frases", "palavras por frase", "língua"]);
    expect(textsOf(page, "dd")).toEqual(["1", "6", "1", "6", "pt-BR"]);
  });

  it("says how many suggestions it does not mark", async () => {
    const params = { ...EN, max_suggestions: 2 };
    const { page } = await runReview("It always rains.\n\nIt always snows.\n\nIt always hails.", { params });
    expect(page).toContain("1 further suggestions are counted, but not marked");
    expect(textsOf(page, "mark")).toHaveLength(2);
  });
});
