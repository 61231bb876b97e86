import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readableInput } from "../src/attempts/readable-input.js";

let root: string;
let input: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "drover-input-"));
  input = join(root, "file");
  folder = join(root, "attempt-input");
  writeFileSync(input, "bytes", { mode: 0o644 });
});
afterEach(() => rmSync(root, { recursive: true }));

const rights = (path: string) => statSync(path).mode & 0o777;

it("an input has a second name in a folder that others pass through and do not list", async () => {
  const path = await readableInput(input, folder);
  expect(path).toBe(join(folder, "file"));
  expect(statSync(path).ino).toBe(statSync(input).ino);
  expect(rights(path)).toBe(0o644);
  expect(rights(folder)).toBe(0o711);
});

it("an input that others may not read is copied, and stays as it is", async () => {
  rmSync(input);
  writeFileSync(input, "bytes", { mode: 0o600 });
  const path = await readableInput(input, folder);
  expect(readFileSync(path, "utf8")).toBe("bytes");
  expect([rights(path), rights(input)]).toEqual([0o444, 0o600]);
  expect(statSync(path).ino).not.toBe(statSync(input).ino);
});

const MEMORY = "/dev/shm";
const isOtherDisk = existsSync(MEMORY) && statSync(MEMORY).dev !== statSync(tmpdir()).dev;

it.skipIf(!isOtherDisk)("an input on another disk is copied", async () => {
  const elsewhere = mkdtempSync(join(MEMORY, "drover-input-"));
  try {
    const path = await readableInput(input, join(elsewhere, "attempt-input"));
    expect(readFileSync(path, "utf8")).toBe("bytes");
    expect(rights(path)).toBe(0o444);
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
});

it("a copy that a store made in the folder is used as it is", async () => {
  mkdirSync(folder);
  const copy = join(folder, "copy");
  writeFileSync(copy, "bytes", { mode: 0o600 });
  expect(await readableInput(copy, folder)).toBe(copy);
  expect([rights(copy), rights(folder)]).toEqual([0o444, 0o711]);
});
