import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AttemptFolder } from "../src/attempts/attempt-folder.js";

let root: string;
let folder: AttemptFolder;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "drover-folder-"));
  folder = new AttemptFolder(join(root, "a1"));
});
afterEach(() => rmSync(root, { recursive: true }));

describe("an attempt's folder", () => {
  it("is made when a processor in this process first uses it, and goes with all that is in it", async () => {
    expect(existsSync(folder.path)).toBe(false);
    folder.makeNow();
    folder.makeNow();
    writeFileSync(join(folder.path, "left"), "x");
    await folder.remove(false);
    expect(existsSync(folder.path)).toBe(false);
  });

  it("is not made again after its attempt", async () => {
    await folder.remove(false);
    folder.makeNow();
    expect(existsSync(folder.path)).toBe(false);
  });

  it("of a child process stays the one that was made when a link is put in its place", async () => {
    await folder.make();
    mkdirSync(join(folder.path, "artifacts"));
    rmSync(folder.path, { recursive: true });
    mkdirSync(join(root, "elsewhere", "artifacts"), { recursive: true });
    symlinkSync(join(root, "elsewhere"), folder.path);
    const own = await folder.open();
    await expect(own.open("artifacts")).rejects.toMatchObject({ code: "ENOENT" });
    await folder.remove(false);
    expect(existsSync(join(root, "elsewhere", "artifacts"))).toBe(true);
  });

  it("takes the copy of an input with it where there may be one", async () => {
    folder.makeNow();
    mkdirSync(folder.copies);
    await folder.remove(true);
    expect(existsSync(folder.copies)).toBe(false);
  });
});
