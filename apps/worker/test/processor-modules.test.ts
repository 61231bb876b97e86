import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadProcessors, ProcessorLoadError } from "../src/processor-modules.js";

describe("loading processors", () => {
  const fixtures = new URL("./fixtures", import.meta.url).pathname;

  test("takes a module with a list, by path", async () => {
    const loaded = await loadProcessors(["./fixture-processors.ts"], fixtures);
    expect(loaded.map(({ processor }) => processor.name)).toContain("good");
    expect(loaded[0]?.moduleUrl).toMatch(/^file:.*fixture-processors\.ts$/);
  });

  test.each([
    ["./missing.ts", "could not be loaded"],
    ["no-such-package", "was not found"],
    ["./host-empty.mjs", "has to export"],
    ["./host-broken.mjs", "could not be loaded: ReferenceError: nowhere is not defined (file:"],
  ])("names the module that cannot be served: %s", async (name, reason) => {
    const error = await loadProcessors([name], fixtures).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProcessorLoadError);
    expect(String(error)).toContain(name);
    expect(String(error)).toContain(reason);
  });

  test("refuses two modules with one name", async () => {
    await expect(
      loadProcessors(["./fixture-processors.ts", "./fixture-processors.ts"], fixtures),
    ).rejects.toThrow("good");
  });

  test.each([
    ["only for import", { exports: { ".": { import: "./main.js" } } }],
    ["by main", { main: "main.js" }],
  ])("takes a package whose entry is given %s", async (_, manifest) => {
    const folder = await folderWithPackage(manifest);
    const [loaded] = await loadProcessors(["esm-processor"], folder);
    expect(loaded?.processor.name).toBe("esm");
    expect(loaded?.moduleUrl).toMatch(/^file:.*esm-processor\/main\.js$/);
  });

  test("says so when a package does not export its entry", async () => {
    const folder = await folderWithPackage({ exports: { "./other": "./main.js" } });
    await expect(loadProcessors(["esm-processor"], folder)).rejects.toThrow(
      /esm-processor could not be found by its package\.json: .*"exports"/,
    );
  });
});

async function folderWithPackage(manifest: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "drover-processor-modules-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const home = join(folder, "node_modules", "esm-processor");
  await mkdir(home, { recursive: true });
  const named = { name: "esm-processor", version: "1.0.0", type: "module", ...manifest };
  await writeFile(join(home, "package.json"), JSON.stringify(named));
  const members =
    "version: '1', description: '', accepts: {}, limits: {}, paramsSchema: {}, parseParams() {}, run() {}";
  await writeFile(join(home, "main.js"), `export default { name: "esm", ${members} };\n`);
  return folder;
}
