import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { removeFolder } from "../src/attempts/remove-folder.js";

let root: string;
let folder: string;
let victim: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "drover-remove-"));
  folder = join(root, "folder");
  victim = join(root, "victim");
  for (const path of [folder, victim]) mkdirSync(path);
  writeFileSync(join(victim, "precious"), "x");
});
afterEach(() => rmSync(root, { recursive: true }));

it("a folder goes with all that is in it, however deep, and links with nothing behind them", async () => {
  mkdirSync(join(folder, ...Array(100).fill("deep")), { recursive: true });
  for (let i = 0; i < 50; i++) writeFileSync(join(folder, "deep", `file-${i}`), "x");
  symlinkSync(victim, join(folder, "link"));
  symlinkSync(join(root, "nowhere"), join(folder, "deep", "broken"));
  await removeFolder(folder);
  expect(existsSync(folder)).toBe(false);
  expect(readdirSync(victim)).toEqual(["precious"]);
});

it("a link in its place goes alone, and none is as good", async () => {
  rmSync(folder, { recursive: true });
  await removeFolder(folder);
  symlinkSync(victim, folder);
  await removeFolder(folder);
  expect(readdirSync(root)).toEqual(["victim"]);
  expect(readdirSync(victim)).toEqual(["precious"]);
});

it.skipIf(process.getuid?.() !== 0)("folders that nobody may enter go, for root", async () => {
  mkdirSync(join(folder, "closed", "deep"), { recursive: true });
  for (const path of [join(folder, "closed", "deep"), join(folder, "closed")]) chmodSync(path, 0);
  await removeFolder(folder);
  expect(existsSync(folder)).toBe(false);
});

/** Puts a link to the victim in the place of a folder and the folder back, as fast as it can. */
const EXCHANGE = `
const { mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } = require("node:fs");
const [, folder, victim] = process.argv;
const tried = (call) => { try { call(); } catch {} };
process.stdout.write("started");
for (;;) {
  tried(() => mkdirSync(folder + "/a/b", { recursive: true }));
  tried(() => writeFileSync(folder + "/a/b/file", "x"));
  tried(() => renameSync(folder + "/a", folder + "/aside"));
  tried(() => symlinkSync(victim, folder + "/a"));
  tried(() => unlinkSync(folder + "/a"));
  tried(() => renameSync(folder + "/aside", folder + "/a"));
}
`;

it.skipIf(process.platform !== "linux")(
  "nothing behind a link goes that a living process exchanges for a folder meanwhile",
  async () => {
    const attacker = spawn(process.execPath, ["-e", EXCHANGE, folder, victim], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    await once(attacker.stdout, "data");
    const end = performance.now() + 3_000;
    while (performance.now() < end) {
      await removeFolder(folder).catch(() => {}); // the other process goes on writing to it
      if (!existsSync(join(victim, "precious"))) break;
    }
    attacker.kill("SIGKILL");
    await once(attacker, "exit");
    expect(readdirSync(victim)).toEqual(["precious"]);
  },
);
