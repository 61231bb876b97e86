import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openApi } from "@drover/contract";
import { expect, onTestFinished, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PAGES = ["README.md", ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`)];

/** What a reader's project would say; everything else is the compiler's default. */
const TSCONFIG = {
  compilerOptions: { module: "nodenext", target: "es2023", strict: true, noEmit: true, types: ["node"] },
};

test("every TypeScript block of the documentation and of /docs compiles as printed", {
  timeout: 60_000,
}, () => {
  // In the repository, so that packages are found; in a folder of built files, which git and the linter pass
  // over.
  const folder = mkdtempSync(join(ROOT, "packages/e2e/dist/snippets-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  const { info } = openApi({ version: "1.0.0" }) as { info: { description: string } };
  const blocks = [...PAGES.flatMap(blocksOf), ...blocksIn("introduction", info.description)];
  const files = blocks.map(({ page, code }, index) => {
    const name = `${page.replaceAll(/\W/g, "-")}-${index}.ts`;
    writeFileSync(join(folder, name), code);
    return name;
  });
  expect(files.length).toBeGreaterThan(0);
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ ...TSCONFIG, files }));
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  const { stdout, stderr, status } = spawnSync(process.execPath, [compiler, "-p", folder], {
    encoding: "utf8",
  });
  expect(`${stdout}${stderr}`).toBe("");
  expect(status).toBe(0);
});

interface Block {
  readonly page: string;
  readonly code: string;
}

function blocksOf(page: string): readonly Block[] {
  return page.endsWith(".md") ? blocksIn(page, readFileSync(join(ROOT, page), "utf8")) : [];
}

function blocksIn(page: string, text: string): readonly Block[] {
  return [...text.matchAll(/^```(?:ts|typescript)\b[^\n]*\n(.*?)^```/gms)].map(([, code = ""]) => ({
    page,
    code,
  }));
}
