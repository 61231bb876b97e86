import type { Artifact } from "@drover/client";

/** How a file is shown before it is downloaded; `none`: not at all. */
export type PreviewKind = "table" | "json" | "text" | "image" | "html" | "none";

const TEXTS = /^(text\/|application\/(xml|yaml|x-yaml|x-ndjson|javascript|x-sh)\b)|\+xml$/;
const IMAGES = /^image\/(png|jpeg|gif|webp|avif|svg\+xml)$/;

const ENDINGS: Readonly<Record<string, PreviewKind>> = {
  csv: "table",
  tsv: "table",
  json: "json",
  ndjson: "text",
  txt: "text",
  md: "text",
  log: "text",
  xml: "text",
  xes: "text",
  yaml: "text",
  yml: "text",
  html: "html",
  htm: "html",
};

/** By the media type, and where that says nothing by the ending of the name. */
export function previewKind({ name, media_type }: Pick<Artifact, "name" | "media_type">): PreviewKind {
  const type = media_type.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "text/csv" || type === "text/tab-separated-values") return "table";
  if (type === "text/html") return "html";
  if (type === "application/json" || type.endsWith("+json")) return "json";
  if (IMAGES.test(type)) return "image";
  if (TEXTS.test(type)) return type === "text/plain" ? (byEnding(name) ?? "text") : "text";
  return byEnding(name) ?? "none";
}

function byEnding(name: string): PreviewKind | undefined {
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(ENDINGS, ending) ? ENDINGS[ending] : undefined;
}
