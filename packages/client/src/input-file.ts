/** How a file is to be called, where that is not what it says itself. */
export interface FileNaming {
  readonly filename?: string;
  readonly mediaType?: string;
}

/** A file that knows how to be the same bytes under another name; a copy made with `new File([file])` would read nothing of it. */
export interface NameableFile extends File {
  as(name: string, mediaType: string): File;
}

/** By the ending of the name. Only what is commonly uploaded; the server looks at endings too. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  csv: "text/csv",
  gz: "application/gzip",
  htm: "text/html",
  html: "text/html",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  json: "application/json",
  md: "text/markdown",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  ndjson: "application/x-ndjson",
  pdf: "application/pdf",
  png: "image/png",
  tsv: "text/tab-separated-values",
  txt: "text/plain",
  wav: "audio/wav",
  xes: "application/xml",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  xml: "application/xml",
  yaml: "application/yaml",
  yml: "application/yaml",
  zip: "application/zip",
};

/** The blob as a file with a name and a media type: those asked for, else its own, else `file` and the type that its ending stands for. */
export function named(blob: Blob, naming: FileNaming): File {
  const given = naming.filename ?? (blob instanceof File ? blob.name : "file");
  const name = given.replaceAll(/\p{Cc}/gu, ""); // no form can carry them, and a server would not show them
  const type = naming.mediaType ?? (blob.type === "" ? mediaTypeOf(name) : blob.type);
  if (blob instanceof File && blob.name === name && blob.type === type) return blob;
  return "as" in blob ? (blob as NameableFile).as(name, type) : new File([blob], name, { type });
}

function mediaTypeOf(name: string): string {
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(MEDIA_TYPES, ending) ? (MEDIA_TYPES[ending] ?? "") : "";
}
