import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { importViolations } from "../src/import-direction/check.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const planted: string[] = [];

afterEach(async () => {
  await Promise.all(planted.splice(0).map((root) => rm(root, { recursive: true })));
});

/** A tree with one workspace: its folder, its dependencies, and its files by path. */
async function plant(
  folder: string,
  files: Readonly<Record<string, string>>,
  dependencies: readonly string[] = [],
): Promise<readonly string[]> {
  const root = await mkdtemp(join(tmpdir(), "drover-imports-"));
  planted.push(root);
  const groups = ["packages", "apps", "processors"];
  await Promise.all(groups.map((group) => mkdir(join(root, group))));
  const manifest = {
    name: `@drover/${folder.split("/")[1]}`,
    dependencies: Object.fromEntries(dependencies.map((name) => [name, "*"])),
  };
  for (const [path, text] of Object.entries({ ...files, "package.json": JSON.stringify(manifest) })) {
    const target = join(root, folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  }
  return importViolations(root);
}

describe("the direction of imports", () => {
  it("holds in every workspace of this repository", async () => {
    expect(await importViolations(ROOT)).toEqual([]);
  });

  it("is undefined for a workspace without a row, which is a violation", async () => {
    expect(await plant("packages/newcomer", {})).toEqual([
      "packages/newcomer has no row in the table of imports.",
    ]);
  });

  it.each([
    ["a static import", `import { x } from "@drover/queue"; x();`],
    ["a side-effect import", `import "@drover/queue";`],
    ["a type-only import", `import type { X } from "@drover/queue"; export type Y = X;`],
    ["an inline type import", `export type Y = import("@drover/queue").X;`],
    ["a dynamic import", `await import("@drover/queue");`],
    ["a dynamic import in backticks", "await import(`@drover/queue`);"],
    ["a re-export", `export * from "@drover/queue";`],
    ["a named re-export", `export { x } from "@drover/queue/deep.js";`],
    ["an import assignment", `import q = require("@drover/queue"); q;`],
    ["a require call", `require("@drover/queue");`],
  ])("is breached by %s", async (_syntax, text) => {
    const found = await plant("packages/core", { "src/job.ts": text });
    expect(found).toEqual([
      expect.stringMatching(/^packages\/core\/src\/job\.ts imports @drover\/queue.*table does not allow it/),
    ]);
  });

  it("does not read comments and strings as imports", async () => {
    const text = `// import "bullmq"\n/* import("bullmq") */ export const s = 'import "bullmq"';`;
    expect(await plant("packages/core", { "src/job.ts": text })).toEqual([]);
  });

  it.each([
    ["packages/core", "node:fs"],
    ["packages/core", "fs/promises"],
    ["packages/core", "zod"],
    ["packages/contract", "@drover/core"],
    ["packages/contract", "node:crypto"],
    ["packages/processor-sdk", "@drover/core"],
    ["processors/thumbnail", "@drover/core"],
    ["processors/thumbnail", "@drover/processor-checksum"],
    ["packages/queue", "@drover/storage"],
    ["packages/queue", "@drover/contract"],
    ["packages/storage", "@drover/queue"],
    ["packages/storage", "bullmq"],
    ["packages/embedded-redis", "@drover/core"],
    ["packages/embedded-redis", "execa"],
    ["packages/client", "@drover/core"],
    ["packages/client", "node:fs"],
    ["apps/api", "@drover/processor-checksum"],
    ["apps/api", "bullmq"],
    ["apps/api", "ioredis"],
    ["apps/worker", "@drover/contract"],
    ["apps/worker", "express"],
    ["apps/cli", "@drover/core"],
    ["apps/cli", "@drover/api"],
    ["apps/console", "@drover/storage"],
    ["apps/console", "node:fs"],
  ])("keeps %s from importing %s", async (folder, name) => {
    const found = await plant(folder, { "src/main.ts": `import "${name}";` }, []);
    expect(found).toEqual([expect.stringContaining(`${folder}/src/main.ts imports ${name}: `)]);
  });

  it("lets only main.ts name an adapter", async () => {
    const text = `import "@drover/queue"; import "@drover/storage"; import "@drover/processor-checksum";`;
    const dependencies = ["@drover/queue", "@drover/storage", "@drover/processor-checksum"];
    expect(await plant("apps/worker", { "src/main.ts": text }, dependencies)).toEqual([]);
    const elsewhere = await plant("apps/worker", { "src/worker.ts": text }, dependencies);
    expect(elsewhere).toHaveLength(3);
    expect(elsewhere[0]).toContain("only src/main.ts may");
  });

  it("keeps bullmq behind one file or folder of the queue package", async () => {
    const text = `import "bullmq";`;
    for (const path of ["src/bullmq.ts", "src/bullmq/consumer.ts"]) {
      expect(await plant("packages/queue", { [path]: text }, ["bullmq"])).toEqual([]);
    }
    expect(await plant("packages/queue", { "src/redis.ts": text }, ["bullmq"])).toHaveLength(1);
  });

  it("keeps Node out of what the client's browser entry reaches", async () => {
    const node = { "src/node.ts": `import "node:fs";` };
    expect(await plant("packages/client", node)).toEqual([]);
    const found = await plant("packages/client", { ...node, "src/index.ts": `export * from "./node.js";` });
    expect(found).toEqual([expect.stringContaining("drags Node into the browser's entry")]);
  });

  it("covers what package.json declares", async () => {
    expect(await plant("packages/storage", {}, ["@drover/core", "@drover/queue", "ioredis"])).toEqual([
      "packages/storage/package.json depends on @drover/queue: the table does not allow it.",
      "packages/storage/package.json depends on ioredis: the table does not allow it.",
    ]);
    expect(await plant("apps/cli", {}, ["@drover/api", "@drover/worker"])).toEqual([]);
  });

  it("refuses a package that package.json does not declare", async () => {
    expect(await plant("packages/contract", { "src/a.ts": `import "zod";` })).toEqual([
      "packages/contract/src/a.ts imports zod: package.json does not declare it.",
    ]);
  });

  it("refuses a relative path out of the workspace and an import of the workspace's own name", async () => {
    const text = `import "../../core/src/job.js"; import "@drover/storage";`;
    expect(await plant("packages/storage", { "src/a.ts": text })).toHaveLength(2);
    expect(await plant("packages/e2e", { "bench/a.ts": `import "../../core/src/job.js";` })).toEqual([]);
  });

  it("refuses a computed import outside the worker", async () => {
    const text = `const name = "a" + "b"; await import(name);`;
    expect(await plant("apps/api", { "src/a.ts": text })).toHaveLength(1);
    expect(await plant("apps/worker", { "src/a.ts": text })).toEqual([]);
  });

  it.each([
    "process.env.PORT;",
    `process["env"];`,
    "globalThis.process.env;",
    "const { env } = process; env;",
    `import { env } from "node:process"; env;`,
  ])("lets only one file of an app read the environment: %s", async (text) => {
    expect(await plant("apps/api", { "src/main.ts": text })).toEqual([]);
    expect(await plant("apps/api", { "src/app.ts": text })).toHaveLength(1);
    expect(await plant("packages/queue", { "src/main.ts": text })).toHaveLength(1);
  });

  it("takes setting a variable for no reading of the environment", async () => {
    const set = `process.env["TMPDIR"] = "/x"; process.env.TZ = "UTC";`;
    expect(await plant("apps/worker", { "src/a.ts": set })).toEqual([]);
    const read = `process.env["TMPDIR"] = process.env["HOME"];`;
    expect(await plant("apps/worker", { "src/a.ts": read })).toHaveLength(1);
    expect(await plant("apps/worker", { "src/a.ts": "process.env.TZ ??= 'UTC';" })).toHaveLength(1);
  });

  it("lets tests import the testkit and the adapters, and nothing beyond", async () => {
    const dependencies = ["@drover/queue", "@drover/testkit"];
    const good = `import "@drover/testkit"; import "@drover/queue"; import "node:fs"; import "vitest";`;
    const found = await plant("apps/api", { "test/a.test.ts": good }, dependencies);
    expect(found).toEqual(["apps/api/package.json depends on @drover/testkit: the table does not allow it."]);
    const bad = await plant("apps/api", { "test/a.test.ts": `import "@drover/processor-sdk";` });
    expect(bad).toHaveLength(1);
  });

  it("stops on a file that cannot be parsed", async () => {
    await expect(plant("packages/core", { "src/a.ts": "import {" })).rejects.toThrow(/cannot be parsed/);
  });
});
