import type { Summary } from "../review-summary.js";
import { type Rule, type Tongue, tongueOf } from "../rules/rule-names.js";
import { escapeHtml } from "./escape-html.js";
import { PAGE_WORDS, type PageWords } from "./page-words.js";

const TAGS = { en: "en-US", "en-gb": "en-GB", pt: "pt-PT", "pt-br": "pt-BR" } as const;

/** The page up to its first paragraph. It loads nothing and runs nothing, and says so to the browser. */
export function pageStart({
  filename,
  summary,
}: {
  readonly filename: string;
  readonly summary: Summary;
}): string {
  const tongue: Tongue = tongueOf(summary.language);
  const words = PAGE_WORDS[tongue];
  const title = escapeHtml(`${words.title}: ${filename}`);
  return `<!doctype html>
<html lang="${TAGS[summary.language]}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escapeHtml(words.title)}</h1>
<p class="file"><bdi>${escapeHtml(filename)}</bdi></p>
${numbers(summary, words)}
${counts(summary, words)}
</header>
<main aria-label="${escapeHtml(words.text)}">
`;
}

export function pageEnd(): string {
  return "</main>\n</body>\n</html>\n";
}

function numbers(summary: Summary, words: PageWords): string {
  const rows: readonly (readonly [string, string | number])[] = [
    [words.suggestions, summary.suggestions_total],
    [words.words, summary.words],
    [words.sentences, summary.sentences],
    [words.wordsPerSentence, summary.words_per_sentence],
    [words.language, TAGS[summary.language]],
  ];
  return `<dl>${rows.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("")}</dl>`;
}

function counts(summary: Summary, words: PageWords): string {
  const rules = Object.entries(summary.by_rule) as [Rule, number][];
  const hidden = summary.suggestions_total - summary.suggestions_kept;
  if (rules.length === 0) return `<p>${words.none}</p>`;
  const byCount = rules.toSorted((a, b) => b[1] - a[1]);
  return (
    `<ul>${byCount.map(([rule, count]) => `<li>${words.rules[rule]} <b>${count}</b></li>`).join("")}</ul>` +
    (hidden > 0 ? `<p>${words.notShown(hidden)}</p>` : "")
  );
}

/** Severities differ by the line below as well as by colour. */
const STYLE = `
:root{--ink:#1c1e21;--soft:#5c6370;--page:#fff;--line:#d9dde3;--error:#b3261e;--warning:#8a5300;
--info:#1f5fae;
--error-bg:#fde7e5;--warning-bg:#fdf0d5;--info-bg:#e6effb}
@media (prefers-color-scheme:dark){:root{--ink:#e4e6ea;--soft:#a0a8b4;--page:#16181c;--line:#363b44;
--error:#ff9d94;
--warning:#f0bd6a;--info:#93bdff;--error-bg:#4a211e;--warning-bg:#42300f;--info-bg:#1b3050}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:2rem 1.25rem 4rem;background:var(--page);color:var(--ink);
font:1rem/1.65 system-ui,-apple-system,"Segoe UI",sans-serif}
header{border-bottom:1px solid var(--line);margin-bottom:1.5rem;padding-bottom:1rem}
h1{font-size:1.5rem;line-height:1.2;margin:0}
.file{color:var(--soft);margin:.25rem 0 1rem;overflow-wrap:anywhere}
dl{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:0 0 .75rem}
dl div{display:flex;flex-direction:column-reverse}
dt{color:var(--soft);font-size:.8125rem}
dd{margin:0;font-size:1.25rem;font-weight:600;font-variant-numeric:tabular-nums}
header ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:0;padding:0;color:var(--soft);
font-size:.875rem}
header ul b{color:var(--ink)}
.row{display:grid;grid-template-columns:minmax(0,1fr);gap:0 2rem;margin-bottom:1rem;content-visibility:auto;
contain-intrinsic-size:auto 6rem}
.row p{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
.row ol{list-style:none;margin:.5rem 0 0;padding:0;font-size:.875em;line-height:1.45}
.row li{border-left:3px solid var(--line);padding:.1rem 0 .1rem .75rem;margin-bottom:.5rem;
overflow-wrap:anywhere}
.row li a{color:inherit;text-decoration:none}
.row li a:hover{text-decoration:underline}
.row li::before{content:attr(value) ". ";color:var(--soft);font-variant-numeric:tabular-nums}
.row li.error{border-color:var(--error)}.row li.error b{color:var(--error)}
.row li.warning{border-color:var(--warning)}.row li.warning b{color:var(--warning)}
.row li.info{border-color:var(--info)}.row li.info b{color:var(--info)}
@media (min-width:56rem){.row{grid-template-columns:minmax(0,1fr) 21rem}.row ol{margin-top:.125rem}}
.lead,pre{color:var(--soft)}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.8125rem;margin:0 0 1rem;max-width:49rem}
mark{color:inherit;border-radius:.2em;padding:.05em 0;-webkit-box-decoration-break:clone;
box-decoration-break:clone}
mark.error{background:var(--error-bg);border-bottom:2px solid var(--error)}
mark.warning{background:var(--warning-bg);border-bottom:2px dashed var(--warning)}
mark.info{background:var(--info-bg);border-bottom:2px dotted var(--info)}
sup{font-size:.6875rem;line-height:0}
sup a{color:var(--soft);text-decoration:none;padding:0 .15em}
sup a:hover,sup a:focus-visible{text-decoration:underline}
:target{outline:2px solid var(--info);outline-offset:2px}
@media print{body{max-width:none;padding:0;font-size:10pt}.row{content-visibility:visible;
grid-template-columns:minmax(0,1fr) 15rem}mark,dl{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.row li{break-inside:avoid}}
`;
