import { InputInvalidError } from "@drover/processor-sdk";
import remarkFrontmatter from "remark-frontmatter";
import remarkGfm from "remark-gfm";
import remarkParse from "remark-parse";
import { unified } from "unified";
import { type Paragraph, pieces } from "./paragraphs.js";

/** A part of the source is parsed at a time: about this many UTF-16 code units, at most twice as many. */
const PART = 32_768;

const markdown = unified().use(remarkParse).use(remarkGfm).use(remarkFrontmatter).freeze();

type Root = ReturnType<typeof markdown.parse>;
type Node = Root | Root["children"][number];

/** Nodes whose text is reviewed as one paragraph. */
const PROSE = new Set(["paragraph", "heading", "tableCell"]);
/** Nodes inside of these that stand for a word but are none. */
const NO_PROSE = new Set(["inlineCode", "footnoteReference", "image", "imageReference"]);

/**
 * The prose of a Markdown source: paragraphs, headings and cells. Code, HTML, addresses, images and front
 * matter are not reviewed.
 * @throws `InputInvalidError` for a source that nests too deeply to be parsed.
 */
export function* markdownParagraphs(source: string): Generator<Paragraph> {
  for (const { start, end } of partsOf(source)) {
    for (const node of proseOf(parsed(source.slice(start, end)))) {
      const from = start + startOf(node);
      yield* pieces(masked(node, source.slice(from, start + endOf(node))), from);
    }
  }
}

function parsed(part: string): Root {
  try {
    return markdown.parse(part);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputInvalidError("The Markdown nests too many quotes, lists or brackets in each other.");
  }
}

/** Cuts before a line that begins a block: after an empty line, not indented, and not in a fence. */
function* partsOf(source: string): Generator<{ readonly start: number; readonly end: number }> {
  let start = 0;
  let fence: string | undefined;
  let isAfterBlank = false;
  for (const { 0: line, index } of source.matchAll(/[^\n]*\n|[^\n]+$/g)) {
    const isBlank = line.trim() === "";
    const canCut = isAfterBlank && !isBlank && fence === undefined && /^\S/.test(line);
    if ((canCut && index - start >= PART) || index + line.length - start > 2 * PART) {
      if (index > start) yield { start, end: index };
      start = index;
    }
    const marks = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined) fence = marks;
    else if (marks?.startsWith(fence) && line.trim() === marks) fence = undefined;
    isAfterBlank = isBlank;
  }
  for (; start < source.length; start += 2 * PART) {
    yield { start, end: Math.min(source.length, start + 2 * PART) };
  }
}

/** In the order of the source; without recursion, since a hostile source nests deeply. */
function* proseOf(root: Root): Generator<Node> {
  const waiting: Node[] = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (PROSE.has(node.type)) yield node;
    else if ("children" in node) waiting.push(...node.children.toReversed());
  }
}

/** The source of a prose node with everything but its text blanked out. */
function masked(prose: Node, source: string): string {
  const base = startOf(prose);
  let text = "";
  const fill = (until: number, sign: string): void => {
    text += sign.repeat(Math.max(0, until - base - text.length));
  };
  const waiting: Node[] = [prose];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const end = endOf(node);
    if (node.type === "text") {
      fill(startOf(node), " ");
      text += plain(source.slice(text.length, end - base));
    } else if (NO_PROSE.has(node.type) || isBareAddress(node, source[startOf(node) - base])) {
      fill(startOf(node), " ");
      fill(end, "0");
    } else if ("children" in node) waiting.push(...node.children.toReversed());
  }
  fill(base + source.length, " ");
  return text;
}

/** An address that stands for itself, in angle brackets or bare: no link with words of its own. */
function isBareAddress(node: Node, firstSign: string | undefined): boolean {
  return node.type === "link" && firstSign !== "[";
}

/** Without what is Markdown in a text: escapes, character references, marks of quotes at a line's start. */
function plain(text: string): string {
  return text
    .replace(/\\(?=[!-/:-@[-`{-~])/g, " ")
    .replace(/&(?:#\w{1,7}|[a-z]\w{1,31});/gi, (reference) => " ".repeat(reference.length))
    .replace(/(?<=\n)[ \t>]+/g, (marks) => " ".repeat(marks.length));
}

function startOf(node: Node): number {
  return node.position?.start.offset ?? 0;
}

function endOf(node: Node): number {
  return node.position?.end.offset ?? 0;
}
