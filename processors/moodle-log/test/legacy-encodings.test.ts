import { describe, expect, test } from "vitest";
import { runLog } from "./log-run.js";

/** Letters and their bytes in a code page, by what the runtime decodes each byte or pair of bytes as. */
function encoderOf(encoding: string): (text: string) => Buffer {
  const decoder = new TextDecoder(encoding);
  const bytes = new Map<string, number[]>();
  const add = (code: number[]) => {
    const character = decoder.decode(Uint8Array.from(code));
    if (!/\ufffd/.test(character) && [...character].length === 1 && !bytes.has(character))
      bytes.set(character, code);
  };
  for (let byte = 0; byte < 256; byte++) add([byte]);
  if (/^(shift_jis|gb18030|big5|euc)/.test(encoding)) {
    for (let lead = 0x81; lead < 0xff; lead++)
      for (let trail = 0x40; trail < 0xff; trail++) add([lead, trail]);
  }
  return (text) => {
    const missing = [...text].find((character) => !bytes.has(character));
    if (missing !== undefined) throw new Error(`${encoding} has no ${missing}.`);
    return Buffer.from([...text].flatMap((character) => bytes.get(character) ?? []));
  };
}

const NAMES: Readonly<Record<string, readonly string[]>> = {
  "windows-1252": [
    "André Gonçalves",
    "João Araújo",
    "Conceição Sebastião",
    "Jürgen Müller",
    "Chloé Côté",
    "Íñigo Peña",
  ],
  "windows-1251": ["Иван Петров", "Мария Смирнова", "Дмитрий Кузнецов", "Ольга Соколова", "Наталья Лебедева"],
  "koi8-r": ["Иван Петров", "Мария Смирнова", "Дмитрий Кузнецов", "Ольга Соколова", "Наталья Лебедева"],
  shift_jis: ["山田太郎", "鈴木花子", "佐藤さくら", "高橋カタカナ", "ひらがなの人", "コースを表示しました"],
  gb18030: ["王小明", "李娜", "张伟的课程", "查看了课程", "陈晓东", "学习活动模块已浏览"],
  big5: ["王小明", "陳美麗", "張偉的課程", "檢視了課程", "林志玲", "學習活動模組已檢視"],
  "euc-kr": ["김철수", "이영희", "박지성", "강좌를 보았습니다", "최민호"],
  "windows-1253": ["Γιώργος Παπαδόπουλος", "Μαρία Νικολάου", "Κώστας Δημητρίου", "Ελένη Ιωάννου"],
};

/** A log of as many rows as names, several times over. */
function logOf(names: readonly string[]): string {
  const rows = Array.from({ length: 60 }, (_, i) => {
    const name = names[i % names.length] ?? "";
    return (
      `"22/08/24, 10:00:${10 + (i % 50)}",${name},${name},Course: Art,System,Course viewed,` +
      "The user with id '5' viewed the course with id '2'.,web,192.0.2.1"
    );
  });
  const headings =
    "Time,User full name,Affected user,Event context,Component,Event name,Description,Origin,IP address";
  return [headings, ...rows, ""].join("\n");
}

describe("a log in a legacy code page", () => {
  test.each(Object.keys(NAMES))("has its names right in %s", async (encoding) => {
    const names = NAMES[encoding] ?? [];
    const run = await runLog(encoderOf(encoding)(logOf(names)));
    expect(run.summary.detected.encoding).toBe(encoding);
    expect(new Set(run.rows.map((row) => row["affected_user"]))).toEqual(new Set(names));
  });

  test("is UTF-8 all the same when hardly a byte of it is none", async () => {
    const text = logOf(["João Gonçalves", "Иван Петров"]);
    const run = await runLog(Buffer.concat([Buffer.from(text), Buffer.from([0x22, 0xe9, 0x22, 10])]));
    expect(run.summary.detected.encoding).toBe("utf-8-damaged");
    expect(run.rows.map((row) => row["affected_user"])).toContain("João Gonçalves");
  });
});
