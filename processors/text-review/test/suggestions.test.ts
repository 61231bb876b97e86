import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectOffsets, found, runReview } from "./review-run.js";

const corpus = (name: string): string => readFileSync(new URL(`corpus/${name}`, import.meta.url), "utf8");

/** A sentence, and what is to be found in it: nothing more and nothing less. */
const ENGLISH: readonly (readonly [string, readonly string[]])[] = [
  ["The committee recieved the report.", ["spelling: recieved → received"]],
  ["It was definately the best answer.", ["spelling: definately → definitely"]],
  ["They wrote about teh river.", ["spelling: teh → the"]],
  ["Her behavior occured twice.", ["spelling: occured → occurred"]],
  ["The staff of Univeristy College met.", ["spelling: Univeristy → University"]],
  ["We read the the book.", ["repeated-word: the the → the"]],
  ["She is an teacher and a engineer.", ["indefinite-article: an → a", "indefinite-article: a → an"]],
  ["They dont agree.", ["contraction: dont → don't"]],
  ["We could of waited.", ["grammar: could of → could have"]],
  ["The PIN number is on the card.", ["redundant-acronym: PIN number → PIN"]],
  ["The letter was written by a clerk and recorded.", ["passive: was written"]],
  ["The results were carefully checked.", ["passive: were carefully checked"]],
  ["In order to rest, we left.", ["wordy: In order to → To"]],
  ["It always rains here.", ["absolute-term: always"]],
  ["Ask the chairman of the board.", ["sensitive-term: chairman"]],
  ["We came , we saw.", ["punctuation:  , → ,"]],
  // Right as they are.
  ["I think that that is fine, and he had had enough.", []],
  ["An hour later, a user in a union read an honest book.", []],
  ["Kessler wrote to Szymborska's office at NASA about JavaScript.", []],
  ["See http://example.com/teh/recieved or write to teh@example.com today.", []],
  ["She is tired, but the children are excited.", []],
];

const PORTUGUESE: readonly (readonly [string, readonly string[]])[] = [
  ["A execussão do plano correu bem.", ["spelling: execussão → execução"]],
  ["Foi um dia exelente para todos nós.", ["spelling: exelente → excelente"]],
  ["Os métodos pedagogicos mudaram.", ["spelling: pedagogicos → pedagógicos"]],
  ["Os novos computaodres chegaram.", ["spelling: computaodres → computadores"]],
  ["Lemos o o livro na aula.", ["repeated-word: o o → o"]],
  ["Haviam muitos alunos na sala.", ["grammar: Haviam muitos → Havia muitos"]],
  ["Há anos atrás vivíamos no Porto.", ["grammar: Há anos atrás → Há anos"]],
  ["Trabalhamos à partir de agora.", ["grammar: à partir de → a partir de"]],
  ["O relatório foi rapidamente escrito pelos alunos.", ["passive: foi rapidamente escrito"]],
  ["Estudámos a fim de aprender.", ["wordy: a fim de → para"]],
  ["Ele nunca chega cedo.", ["absolute-term: nunca"]],
  ["O portador de deficiência entrou.", ["sensitive-term: portador de deficiência → pessoa com deficiência"]],
  ["Viemos , vimos e vencemos.", ["punctuation:  , → ,"]],
  // Certo tal como está.
  ["Disse-me que fazê-lo seria difícil; dar-se-ia um prémio à melhor equipa.", []],
  ["O mercado é elevado e a vida é rápida.", []],
  ["A Kessler escreveu à NASA sobre o JavaScript.", []],
];

describe("the labelled corpus", () => {
  it("has in English exactly what is in it", async () => {
    const run = await runReview(ENGLISH.map(([sentence]) => sentence).join("\n\n"), {
      params: { language: "en" },
    });
    expect(found(run)).toEqual(ENGLISH.flatMap(([, expected]) => expected));
    expectOffsets(run);
  });

  it("has in Portuguese exactly what is in it", async () => {
    const run = await runReview(PORTUGUESE.map(([sentence]) => sentence).join("\n\n"), {
      params: { language: "pt" },
    });
    expect(found(run)).toEqual(PORTUGUESE.flatMap(([, expected]) => expected));
    expectOffsets(run);
  });

  it.each([
    ["well-written-en.txt", "en"],
    ["well-written-pt.txt", "pt"],
    ["well-written-pt-br.txt", "pt-br"],
  ])("%s is left nearly alone, in the language that it is in", async (name, language) => {
    const { review } = await runReview(corpus(name));
    expect(review.summary).toMatchObject({ language, language_detected: true });
    expect(review.summary.suggestions_total).toBeLessThanOrEqual(2);
    expect(review.summary.by_severity.error ?? 0).toBe(0);
  });

  it.each([
    [
      "en",
      "The committee, notwithstanding its considerable reservations regarding the methodological appropriateness of the instruments which had been previously administered, undertook additional investigations.",
    ],
    [
      "pt",
      "A operacionalização institucional das recomendações metodológicas anteriormente disponibilizadas pressupõe necessariamente a responsabilização interdepartamental dos intervenientes administrativos.",
    ],
  ])("a hard sentence is reported in %s", async (language, sentence) => {
    const run = await runReview(sentence, { params: { language, rules: ["readability"] } });
    expect(found(run)).toEqual([`readability: ${sentence}`]);
  });
});

describe("the language", () => {
  it.each([
    [
      "en-gb",
      "The colour of the harbour was grey, and our neighbour travelled to the theatre with the programme.",
    ],
    ["en", "The color of the harbor was gray, and our neighbor traveled to the theater with the program."],
    [
      "pt",
      "O facto é que a equipa contactou o utilizador; o autocarro parou, o ecrã do telemóvel apagou-se e ninguém sabia o porquê: só a polémica económica e o ténis ficaram.",
    ],
    [
      "pt-br",
      "A equipe contatou o usuário; o ônibus parou, a tela do celular apagou e ninguém sabia o motivo: só a polêmica econômica e o tênis ficaram.",
    ],
  ])("is found to be %s by its spelling", async (language, text) => {
    expect((await runReview(text)).review.summary).toMatchObject({ language, language_detected: true });
  });

  it("is what the caller says, and the sentences of the suggestions are in it", async () => {
    const { review } = await runReview("We read the the book.", { params: { language: "en-gb" } });
    expect(review.summary).toMatchObject({ language: "en-gb", language_detected: false });
    expect(review.suggestions[0]?.text).toBe("“the the” repeats a word.");
    const portuguese = await runReview("Lemos o o livro na aula.", { params: { language: "pt" } });
    expect(portuguese.review.suggestions[0]?.text).toBe("“o o” repete uma palavra.");
  });
});

describe("the params", () => {
  it("`terms` adds terms of one's own, before the built-in ones", async () => {
    const terms = [
      { term: "stakeholder  group", replacement: "people concerned", severity: "error" },
      { term: "always", message: "House style: avoid it." },
    ];
    const run = await runReview("The Stakeholder\nGroup is always here, the stakeholder groups are not.", {
      params: { language: "en", terms },
    });
    expect(run.review.suggestions).toMatchObject([
      { rule: "term", original: "Stakeholder\nGroup", replacement: "People concerned", severity: "error" },
      {
        rule: "term",
        original: "always",
        replacement: null,
        severity: "warning",
        text: "House style: avoid it.",
      },
    ]);
  });

  it("a term may hold any sign and is taken literally", async () => {
    const term = "(a+b)*[c]{2}|^$.-/\\";
    const run = await runReview(`We saw ${term} once.`, {
      params: { language: "en", rules: ["term"], terms: [{ term }] },
    });
    expect(found(run)).toEqual([`term: ${term}`]);
  });

  it("`ignore` takes words as spelt correctly, in any case", async () => {
    const run = await runReview("The frobnicator and Frobnicator’s frobnik.", {
      params: { language: "en", ignore: ["FROBNICATOR", "frobnik"] },
    });
    expect(found(run)).toEqual([]);
  });

  it("`rules` says which rules apply", async () => {
    const run = await runReview("It always was teh the the best.", {
      params: { language: "en", rules: ["spelling"] },
    });
    expect(found(run)).toEqual(["spelling: teh → the"]);
  });

  it("`max_suggestions` bounds what is kept; all are counted", async () => {
    const { all, review } = await runReview("It always rains.\n\n".repeat(30), {
      params: { language: "en", max_suggestions: 7 },
    });
    expect(all.suggestions.map(({ id }) => id)).toEqual(["s1", "s2", "s3", "s4", "s5", "s6", "s7"]);
    expect(review.summary).toMatchObject({
      suggestions_total: 30,
      suggestions_kept: 7,
      suggestions_shown: 7,
    });
    expect(all.summary).toEqual(review.summary);
  });
});

describe("the result", () => {
  it("is at most 64 KiB: it holds the first suggestions, and the artifact all", async () => {
    const { review, all } = await runReview("Ele nunca disse “não” à avó.\n\n".repeat(1200), {
      params: { language: "pt" },
    });
    expect(Buffer.byteLength(JSON.stringify(review))).toBeLessThan(64 * 1024);
    expect(all.suggestions).toHaveLength(1200);
    expect(review.suggestions).toEqual(all.suggestions.slice(0, review.suggestions.length));
    expect(review.suggestions.length).toBeGreaterThan(200);
    expect(review.summary).toMatchObject({
      suggestions_total: 1200,
      suggestions_kept: 1200,
      suggestions_shown: review.suggestions.length,
    });
  });

  it("quotes a sentence of any length by its beginning only", async () => {
    const sentence = `${"The interdisciplinary administrative representatives investigated organisational responsibilities and ".repeat(30)}left.`;
    const run = await runReview(sentence, { params: { language: "en-gb", rules: ["readability"] } });
    expect(run.review.suggestions).toHaveLength(1);
    expect(run.review.suggestions[0]?.original).toBe(sentence.slice(0, 300));
  });

  it("has offsets at which the text is what it quotes, for any text", async () => {
    const word = fc.constantFrom(
      "teh",
      "the",
      "the",
      "an",
      "apple",
      "😀",
      "é",
      "e\u0301",
      "*bold*",
      "**a",
      "`x`",
      "&amp;",
      "\\*",
      "always",
      "[was](",
      "> ",
      "written",
      ")",
      "\r\n",
      "\n\n",
      "\n",
      ". ",
      "# ",
      "|",
      "<b>",
      "0",
      " ,",
      "dont",
      "https://a.b/teh.",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(word, { minLength: 1, maxLength: 150 }),
        fc.constantFrom("a.md", "a.txt"),
        async (words, filename) => {
          const run = await runReview(`so ${words.join(" ")}`, { filename, params: { language: "en" } });
          expectOffsets(run);
          const starts = run.all.suggestions.map(({ start }) => start);
          expect(starts).toEqual(starts.toSorted((a, b) => a - b));
        },
      ),
      { numRuns: 10, seed: 7 },
    );
  });

  it("is the same, as are all artifacts, whenever the same text is reviewed", async () => {
    const text = `${corpus("well-written-en.txt")}\n\n${ENGLISH.map(([sentence]) => sentence).join("\n\n")}`;
    const [one, other] = [await runReview(text), await runReview(text)];
    expect([...one.artifacts.keys()]).toEqual(["text.txt", "suggestions.json", "review.html"]);
    expect(other.artifacts).toEqual(one.artifacts);
    expect(other.result).toEqual(one.result);
    expect(one.primary).toBe("review.html");
  });
});

describe("a long text", () => {
  it("is reviewed paragraph by paragraph, and the progress is the share of the text", async () => {
    const { progress } = await runReview("It always rains in this town.\n\n".repeat(100), {
      params: { language: "en" },
    });
    const percents = progress.filter(({ stage }) => stage === "review").map(({ percent }) => percent);
    expect(percents).toHaveLength(100);
    expect(percents[49]).toBeCloseTo(50, 0);
    expect(percents.at(-1)).toBeGreaterThan(99);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  });

  it("is left when the job is cancelled, between two paragraphs", async () => {
    const controller = new AbortController();
    const running = runReview("It always rains in this town.\n\n".repeat(20_000), {
      params: { language: "en" },
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(new Error("cancelled")), 50);
    await expect(running).rejects.toThrow(/cancelled|aborted/); // by which of its parts it was noticed
  });

  it("without an empty line is reviewed in pieces, none of which cuts a word", async () => {
    const run = await runReview("It rained and rained again on that day ".repeat(1000), {
      params: { language: "en", rules: ["spelling"] },
    });
    expect(found(run)).toEqual([]);
    expect(run.progress.filter(({ stage }) => stage === "review").length).toBeGreaterThan(6);
  });
});
