import { type ZipPart, zipOf } from "@drover/testkit";

const WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const COMPATIBILITY = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"';

/** `word/document.xml` around the XML of a body. */
export function documentXml(body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><w:document ${WORD} ${COMPATIBILITY}><w:body>${body}</w:body></w:document>`;
}

/** A paragraph of one run. */
export function paragraphXml(text: string): string {
  return `<w:p><w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`;
}

export function docxOf(body: string, others: readonly ZipPart[] = []): Buffer {
  return zipOf([{ name: "word/document.xml", content: documentXml(body) }, ...others]);
}
