import { zipOf } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import { documentXml, docxOf, paragraphXml } from "./docx-file.js";
import { expectOffsets, found, refusalOf, runReview } from "./review-run.js";

const EN = { language: "en", rules: ["spelling", "repeated-word", "indefinite-article", "punctuation"] };

const GERMAN =
  "Die Bewertung der Studierenden fand im zweiten Semester statt, und die Ergebnisse wurden auf der Seite der " +
  "Universität veröffentlicht. Der Professor erklärte, dass zu spät abgegebene Arbeiten nicht angenommen werden.";
const SPANISH =
  "La evaluación de los estudiantes se realizó durante el segundo semestre y los resultados fueron publicados en la " +
  "página de la universidad. El profesor explicó que los trabajos entregados tarde no serían aceptados.";

describe("a plain text", () => {
  const text = "A avaliação começou: o exelente aluno não falou.\r\n\r\nNunca.";
  const utf16 = Buffer.from(`\ufeff${text}`, "utf16le");

  it.each([
    ["utf-8", Buffer.from(text)],
    ["utf-8", Buffer.from(`\ufeff${text}`)],
    ["utf-16le", utf16],
    ["utf-16be", Buffer.from(utf16).swap16()],
    ["windows-1252", Buffer.from(text, "latin1")],
  ])("is read as %s, and its offsets do not count a byte order mark", async (encoding, bytes) => {
    const run = await runReview(bytes, { params: { language: "pt" } });
    expect(run.review.summary).toMatchObject({ encoding, format: "text", characters: text.length });
    expect(run.text).toBe(text);
    expect(found(run)).toEqual(["spelling: exelente → excelente", "absolute-term: Nunca"]);
    expectOffsets(run);
  });

  it("may have decomposed accents", async () => {
    const run = await runReview("A avaliação não é sempre fácil.".normalize("NFD"), {
      params: { language: "pt" },
    });
    expect(found(run)).toEqual(["absolute-term: sempre"]);
    expectOffsets(run);
  });
});

describe("a Markdown text", () => {
  it("has its prose reviewed, and neither code nor addresses, HTML nor front matter", async () => {
    const source = [
      "---\ntitle: teh\n---",
      "# Teh *heading*",
      "Some **bold** word, `teh code`, [teh link](http://teh.example/recieved) and <http://teh.example>.",
      "```\nteh fence\n\nteh fence\n```",
      "    teh indented code",
      "<div>teh html</div>",
      "- an item with teh\n  second line",
      "> a quote of\n> teh book",
      "| teh | cell |\n| --- | --- |\n| one | recieved |",
      "A \\*star\\* and R&amp;D, ![teh image](teh.png) and a `apple`.",
    ].join("\n\n");
    const run = await runReview(source, { filename: "a.md", params: EN });
    expect(found(run)).toEqual([
      "spelling: Teh → The",
      "spelling: teh → the",
      "spelling: teh → the",
      "spelling: teh → the",
      "spelling: teh → the",
      "spelling: recieved → received",
    ]);
    expect(run.all.suggestions.map(({ start }) => source.slice(start - 2, start))).toEqual([
      "# ",
      "[".padStart(2),
      "h ",
      "> ",
      "| ",
      "| ",
    ]);
    expectOffsets(run);
    expect(run.text).toBe(source);
  });

  it("proposes no replacement where it would take away Markdown", async () => {
    const run = await runReview("We read the **the** book.", { filename: "a.md", params: EN });
    expect(run.review.suggestions).toMatchObject([
      { rule: "repeated-word", original: "the **the", replacement: null },
    ]);
  });

  it("of some size is parsed in parts, whose offsets go on", async () => {
    const block = "Some prose with teh word.\n\n```\nteh code\n\n# teh code\n```\n\n";
    const run = await runReview(block.repeat(3000), { filename: "a.md", params: EN });
    expect(run.review.summary.suggestions_total).toBe(3000);
    expectOffsets(run);
  });

  it("that nests without end is refused", async () => {
    expect(await refusalOf(`${"> ".repeat(10_000)}word`, { filename: "a.md", params: EN })).toContain(
      "nests too many",
    );
  }, 60_000);
});

describe("a DOCX", () => {
  it("has its paragraphs, tables and notes reviewed; deleted text, field codes and comments are not", async () => {
    const run = (xml: string) => `<w:r>${xml}</w:r>`;
    const body = [
      paragraphXml("We recieved it."),
      "<w:p/>",
      `<w:p>${run("<w:t>Spl</w:t>")}${run("<w:t>it wo</w:t>")}${run("<w:t>rds</w:t>")}</w:p>`,
      `<w:p><w:del>${run("<w:delText>teh deleted</w:delText>")}</w:del>${run("<w:instrText>teh field</w:instrText>")}${run("<w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c &amp; d</w:t>")}</w:p>`,
      `<w:p><w:moveFrom>${run("<w:t>teh moved</w:t>")}</w:moveFrom></w:p>`,
      `<w:tbl><w:tr><w:tc>${paragraphXml("A cell.")}</w:tc></w:tr></w:tbl>`,
      `<w:p><mc:AlternateContent><mc:Choice>${run("<w:t>box</w:t>")}</mc:Choice><mc:Fallback>${run("<w:t>teh box</w:t>")}</mc:Fallback></mc:AlternateContent></w:p>`,
    ].join("");
    const bytes = docxOf(body, [
      { name: "word/footnotes.xml", content: documentXml(paragraphXml("A note with teh.")) },
      { name: "word/comments.xml", content: documentXml(paragraphXml("Teh comment.")) },
    ]);
    const report = await runReview(bytes, { filename: "a.docx", params: EN });
    expect(report.text).toBe(
      "We recieved it.\n\nSplit words\n\na\tb\nc & d\n\nA cell.\n\nbox\n\nA note with teh.",
    );
    expect(report.review.summary).toMatchObject({ format: "docx", characters: report.text.length });
    expect(found(report)).toEqual(["spelling: recieved → received", "spelling: teh → the"]);
    expectOffsets(report);
  });

  it("is known by its bytes, and its main part by its relations", async () => {
    const relations =
      '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" ' +
      'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="/word/document2.xml"/></Relationships>';
    const bytes = zipOf([
      { name: "_rels/.rels", content: relations },
      { name: "word/document2.xml", content: documentXml(paragraphXml("It is teh text.")) },
    ]);
    expect(found(await runReview(bytes, { filename: "essay.txt", params: EN }))).toEqual([
      "spelling: teh → the",
    ]);
  });
});

describe("an input that cannot be reviewed is refused with a sentence", () => {
  const docx = docxOf(paragraphXml("Some text."));
  const bomb = "<w:p><w:r><w:t>a</w:t></w:r></w:p>".repeat(4_000_000);
  const deep = `${"<w:p>".repeat(600)}${"</w:p>".repeat(600)}`;

  it.each<[string, string, string | Uint8Array, string]>([
    ["nothing", "a.txt", "", "no text in the file"],
    ["white space", "a.txt", " \r\n\t ", "no text in the file"],
    ["signs alone", "a.md", "123 --- !!", "no text in the file"],
    ["bytes", "a.txt", Buffer.from([1, 2, 3, 250]), "U+0001"],
    ["UTF-16 without a mark", "a.txt", Buffer.from("word", "utf16le"), "U+0000"],
    ["half a character", "a.txt", Buffer.from([0xef, 0xbb, 0xbf, 0x41, 0xc3]), "begins as UTF-8"],
    ["a PDF", "a.txt", "%PDF-1.7 …", "is a PDF"],
    ["RTF", "a.txt", "{\\rtf1 text}", "Rich Text"],
    ["a DOCX with a password", "a.docx", Buffer.from("d0cf11e0a1b11ae1", "hex"), "with a password"],
    ["a text called .docx", "a.docx", "Some text.", "no DOCX"],
    ["a ZIP", "a.docx", zipOf([{ name: "a.txt", content: "text" }]), "no Word text"],
    ["a DOCX cut off", "a.docx", docx.subarray(0, docx.length - 30), "cannot be read"],
    ["broken XML", "a.docx", docxOf("<w:p>"), "cannot be read"],
    [
      "no XML",
      "a.docx",
      zipOf([{ name: "word/document.xml", content: Buffer.from([0xff, 0x00]) }]),
      "cannot be read",
    ],
    ["a DOCX without text", "a.docx", docxOf("<w:p/>"), "no text in the file"],
    [
      "an encrypted part",
      "a.docx",
      zipOf([{ name: "word/document.xml", content: "x", flags: 1 }]),
      "encrypted",
    ],
    [
      "a DOCTYPE",
      "a.docx",
      zipOf([{ name: "word/document.xml", content: '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>' }]),
      "DOCTYPE",
    ],
    ["elements without end", "a.docx", docxOf(deep), "nests more than 500"],
    ["a ZIP bomb", "a.docx", docxOf(bomb), "unpacks to more than"],
    [
      "a ZIP bomb that lies about its size",
      "a.docx",
      zipOf([{ name: "word/document.xml", content: documentXml(bomb), claimedBytes: 1000 }]),
      "cannot be read",
    ],
    [
      "entities that are defined nowhere",
      "a.docx",
      docxOf("<w:p><w:r><w:t>&lol9;</w:t></w:r></w:p>"),
      "cannot be read",
    ],
    [
      "a DOCTYPE that reads a file",
      "a.docx",
      zipOf([
        {
          name: "word/document.xml",
          content: '<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a>text</a>',
        },
      ]),
      "DOCTYPE",
    ],
    [
      "an archive in an archive",
      "a.docx",
      zipOf([{ name: "word/document.xml", content: docx }]),
      "cannot be read",
    ],
    [
      "a part that leaves the archive",
      "a.docx",
      docxOf("<w:p/>", [{ name: "../../x.xml", content: "x" }]),
      "cannot be read",
    ],
    [
      "a part of an absolute path",
      "a.docx",
      docxOf("<w:p/>", [{ name: "/etc/x.xml", content: "x" }]),
      "cannot be read",
    ],
    [
      "too many parts",
      "a.docx",
      docxOf(
        paragraphXml("Some text."),
        Array.from({ length: 10_001 }, (_, index) => ({ name: `p${index}.xml`, content: "" })),
      ),
      "at most 10000",
    ],
    ["German", "a.txt", GERMAN, "neither English nor Portuguese"],
    ["Spanish", "a.txt", SPANISH, "neither English nor Portuguese"],
  ])(
    "%s",
    async (_, filename, input, words) => {
      expect(await refusalOf(input, { filename })).toContain(words);
    },
    60_000,
  );

  it("more text than is reviewed", async () => {
    const input = Buffer.alloc(20 * 1024 ** 2 + 1, "a ");
    expect(await refusalOf(input)).toContain("at most 20971520 are reviewed");
  });
});
