import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, test } from "vitest";

const SRC = new URL("../src/", import.meta.url);

/** What only the kernel handles; not even named elsewhere, in a comment either. */
const BYTES =
  /\b(?:(?:Big)?(?:Int|Uint|Float)\d+(?:Clamped)?Array|(?:Shared)?ArrayBuffer|DataView|Atomics|Buffer|node:worker_threads)\b/;

/**
 * Breaches of the kernel's boundary in one file, one sentence each.
 * @param path below `src`.
 */
function breachesOf(path: string, text: string): string[] {
  const isKernel = path.startsWith("kernel/");
  const named = isKernel ? undefined : BYTES.exec(text)?.[0];
  const imported = [...text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, specifier = ""]) =>
    posix.join(posix.dirname(path), specifier),
  );
  const isInner = (target: string) => target.startsWith("kernel/") && target !== "kernel/index.js";
  return [
    ...(named === undefined ? [] : [`${path} names ${named}`]),
    ...imported
      .filter((target) => (isKernel ? target === "kernel/index.js" : isInner(target)))
      .map((target) => `${path} imports ${target}`),
  ];
}

describe("the kernel", () => {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".ts"));

  test("is entered by its index only, and alone handles bytes and columns", () => {
    expect(files.filter((path) => path.startsWith("kernel/")).length).toBeGreaterThan(20);
    const found = files.flatMap((path) => breachesOf(path, readFileSync(new URL(path, SRC), "utf8")));
    expect(found).toEqual([]);
  });

  test.each([
    ["time/a.ts", "const days = new Uint16Array(3);"],
    ["run.ts", "let c: Float64Array<SharedArrayBuffer>;"],
    ["reading/a.ts", 'Buffer.from("x");'],
    ["run.ts", 'import { Worker } from "node:worker_threads";'],
    ["run.ts", 'import { ByteWriter } from "./kernel/write/byte-writer.js";'],
    ["time/a.ts", 'export * from "../kernel/load/segment.js";'],
    ["time/a.ts", 'const x = await import("../kernel/load/segment.js");'],
    ["time/a.ts", 'type X = import("../kernel/load/segment.js").Segment;'],
    ["kernel/load/a.ts", 'import { loadLog } from "../index.js";'],
  ])("is breached by %s with %s", (path, text) => {
    expect(breachesOf(path, text)).toHaveLength(1);
  });

  test.each([
    ["time/a.ts", 'import { rfc3339 } from "../kernel/index.js";'],
    ["kernel/load/a.ts", 'import { Zone } from "../../time/zone.js"; const x = new Uint8Array(1);'],
  ])("is not breached by %s with %s", (path, text) => {
    expect(breachesOf(path, text)).toEqual([]);
  });
});
