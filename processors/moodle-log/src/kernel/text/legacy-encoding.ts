import { open } from "node:fs/promises";
import { analyse } from "chardet";

/** Code pages that a spreadsheet may save in, as the web's standard of encodings calls them. */
const LEGACY_ENCODINGS = [
  "windows-1252",
  "windows-1250",
  "iso-8859-2",
  "windows-1251",
  "koi8-r",
  "iso-8859-5",
  "windows-1253",
  "iso-8859-7",
  "windows-1255",
  "iso-8859-8",
  "windows-1256",
  "iso-8859-6",
  "shift_jis",
  "euc-jp",
  "gb18030",
  "big5",
  "euc-kr",
] as const;
export type LegacyEncoding = (typeof LEGACY_ENCODINGS)[number];

const CHUNK_BYTES = 1 << 20;
/** Bytes of words that are looked at; names and headings come up again and again. */
const SAMPLE_BYTES = 64 << 10;
/** Accented letters of Latin script stand among plain ones, seldom two together; other scripts have whole words. */
const LONG_RUN = 3;
const FOREIGN_SHARE = 0.3;
/** How much surer the detector must be of Central Europe than of the West, of 100. */
const LEAD = 20;
/** Below so many bytes of words the detector guesses. */
const LEAST_SAMPLE = 300;
/** Where ISO-8859-7 has the one Greek letter that windows-1253, the spreadsheets' own, has elsewhere. */
const ACCENTED_ALPHA = 0xb6;
const CENTRAL: readonly LegacyEncoding[] = ["windows-1250", "iso-8859-2"];

/** So many more characters than broken ones are UTF-8, and the text is taken as that. */
const SOUND_RATIO = 10;

/**
 * The code page of a text that is not all UTF-8, told from its words with other than ASCII letters: the rest of a
 * log is English and would outweigh them. `utf-8-damaged` when hardly a byte of it is none.
 */
export async function detectLegacy(
  path: string,
  signal: AbortSignal,
): Promise<LegacyEncoding | "utf-8-damaged"> {
  const words = await foreignWords(path, signal);
  if (isNearlyUtf8(words)) return "utf-8-damaged";
  const found = analyse(words).flatMap(({ name, confidence }) => {
    const encoding = LEGACY_ENCODINGS.find((known) => known === name.toLowerCase());
    return encoding === undefined ? [] : [{ encoding, confidence }];
  });
  if (shareInLongRuns(words) > FOREIGN_SHARE) {
    const isOther = ({ encoding }: { readonly encoding: LegacyEncoding }) =>
      encoding !== "windows-1252" && !CENTRAL.includes(encoding);
    const other = found.find(isOther)?.encoding ?? "windows-1252";
    return other === "iso-8859-7" && !words.includes(ACCENTED_ALPHA) ? "windows-1253" : other;
  }
  const central = found.find(({ encoding }) => CENTRAL.includes(encoding));
  const western = Math.max(
    0,
    ...analyse(words)
      .filter(({ name }) => /^(iso-8859-1|windows-1252)$/i.test(name))
      .map(({ confidence }) => confidence),
  );
  return words.length >= LEAST_SAMPLE && central !== undefined && central.confidence >= western + LEAD
    ? central.encoding
    : "windows-1252";
}

function isNearlyUtf8(words: Buffer): boolean {
  const characters = words.toString("utf8").replace(/[\0-\x7f]/g, "");
  const sound = characters.replaceAll("\ufffd", "").length;
  return sound >= SOUND_RATIO * Math.max(1, characters.length - sound);
}

/** Words with at least one byte that is no ASCII, with blanks between. */
async function foreignWords(path: string, signal: AbortSignal): Promise<Buffer> {
  const words = Buffer.alloc(SAMPLE_BYTES);
  let length = 0;
  const file = await open(path);
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let position = 0; length < SAMPLE_BYTES; position += CHUNK_BYTES) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
      if (bytesRead === 0) break;
      const start = position === 0 && chunk.indexOf("\ufeff") === 0 ? 3 : 0;
      length = addWords(chunk.subarray(start, bytesRead), words, length);
    }
  } finally {
    await file.close();
  }
  return words.subarray(0, length);
}

function addWords(bytes: Buffer, words: Buffer, length: number): number {
  let at = length;
  let start = 0;
  let isForeign = false;
  for (let i = 0; i <= bytes.length; i++) {
    const byte = i < bytes.length ? (bytes[i] as number) : 32;
    if (!isSeparator(byte)) {
      isForeign ||= byte >= 0x80;
      continue;
    }
    if (isForeign && at + (i - start) + 1 <= words.length) {
      at += bytes.copy(words, at, start, i);
      words[at++] = 32;
    }
    start = i + 1;
    isForeign = false;
  }
  return at;
}

/** Blanks, quotes, delimiters: none is part of a character in the encodings above. */
function isSeparator(byte: number): boolean {
  return byte < 0x30 || (byte >= 0x3a && byte < 0x40);
}

/** Which share of the bytes that are no ASCII stands with at least two others. */
function shareInLongRuns(words: Buffer): number {
  let [all, long, run] = [0, 0, 0];
  for (let i = 0; i <= words.length; i++) {
    if (i < words.length && (words[i] as number) >= 0x80) {
      run++;
      continue;
    }
    all += run;
    if (run >= LONG_RUN) long += run;
    run = 0;
  }
  return long / Math.max(1, all);
}
