/** What XML 1.0 leaves out of its characters (production 2, Char). */
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

/** A text as the value of an XML attribute, and how many characters XML forbids were dropped from it. */
export interface AttributeText {
  readonly text: string;
  readonly dropped: number;
}

/** Escapes a text for an attribute; line breaks and tabs are kept as references, since a reader turns bare ones into blanks. */
export function attributeText(value: string): AttributeText {
  const allowed = value.replace(FORBIDDEN, "");
  return {
    text: allowed.replace(/[&<>"\t\n\r]/g, (character) => ESCAPES[character] ?? character),
    dropped: [...value].length - [...allowed].length,
  };
}
