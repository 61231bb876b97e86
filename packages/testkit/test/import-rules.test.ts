import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const CONFIGURATION = ["biome.json", "import-rules.jsonc", "hidden-imports.grit", ".gitignore"];
/** The rules that are about imports; what others say of the planted lines does not matter. */
const RULES =
  /^(noRestrictedImports|noUndeclaredDependencies|noNodejsModules|noProcessEnv|noCommonJs|plugin)$/;

/** What the row of a workspace forbids: a file, what it may not import, and what the linter says then. */
const FORBIDDEN: readonly (readonly [file: string, names: readonly string[], message: RegExp])[] = [
  ["packages/newcomer/src/a.ts", ["@drover/core", "zod", "node:fs"], /until it has a row/],
  ["packages/core/src/a.ts", ["node:fs", "fs/promises", "zod", "@drover/job-files"], /^core imports nothing/],
  ["packages/contract/src/a.ts", ["node:crypto", "express", "@drover/client"], /^contract imports core/],
  ["packages/processor-sdk/src/a.ts", ["@drover/core", "bullmq"], /^processor-sdk imports zod/],
  ["packages/job-files/src/a.ts", ["node:fs", "@drover/storage"], /^job-files imports core/],
  ["packages/settings/src/a.ts", ["node:fs", "@drover/log"], /^settings imports core and zod/],
  ["packages/log/src/a.ts", ["zod", "@drover/settings"], /^log imports core and winston/],
  ["packages/metrics/src/a.ts", ["@drover/queue", "winston"], /^metrics imports core, prom-client/],
  ["packages/tracing/src/a.ts", ["@opentelemetry/sdk-trace-node", "@drover/log"], /^tracing imports core/],
  ["packages/process-guard/src/a.ts", ["@drover/core", "execa"], /^process-guard imports Node only/],
  ["packages/queue/src/a.ts", ["bullmq", "@drover/storage", "@drover/queue"], /bullmq in src\/bullmq\/ only/],
  ["packages/queue/src/bullmq/a.ts", ["@drover/contract", "express"], /^queue imports core/],
  ["packages/storage/src/a.ts", ["@drover/queue", "@drover/contract", "bullmq"], /^storage imports core/],
  ["packages/embedded-redis/src/a.ts", ["@drover/core", "ioredis"], /^embedded-redis imports/],
  ["packages/client/src/a.ts", ["@drover/core", "node:fs", "zod"], /^client imports contract/],
  ["packages/client/src/a.ts", ["./node.js", "./node/file.js"], /stays out of what browsers load/],
  ["packages/client/src/node.ts", ["@drover/core"], /^The client's entry for Node/],
  [
    "packages/web-component/src/a.ts",
    ["@drover/contract", "react", "node:fs"],
    /^web-component imports client/,
  ],
  ["packages/react/src/a.ts", ["@drover/core", "react-dom", "node:fs"], /^react imports client/],
  ["processors/thumbnail/src/a.ts", ["@drover/core", "@drover/processor-checksum"], /^A processor imports/],
  ["processors/thumbnail/src/a.ts", ["bullmq", "express"], /^Another workspace is the only one/],
  ["apps/api/src/a.ts", ["@drover/queue", "@drover/storage"], /^Beside main\.ts, api/],
  ["apps/api/src/main.ts", ["@drover/processor-sdk", "@drover/processor-checksum"], /^api's main\.ts/],
  [
    "apps/api/src/main.ts",
    ["bullmq", "ioredis", "winston", "@opentelemetry/api"],
    /^Another workspace is the only one/,
  ],
  ["apps/worker/src/a.ts", ["@drover/queue", "@drover/processor-checksum"], /^Beside main\.ts, worker/],
  ["apps/worker/src/main.ts", ["@drover/contract", "@drover/client"], /^worker's main\.ts/],
  [
    "apps/worker/src/main.ts",
    ["express", "bullmq", "prom-client", "@opentelemetry/api"],
    /^Another workspace is the only one/,
  ],
  ["apps/cli/src/a.ts", ["@drover/core", "@drover/embedded-redis", "@drover/api"], /^cli and console import/],
  ["apps/cli/src/up/a.ts", ["@drover/queue", "@drover/api"], /^`drover up` imports/],
  ["apps/console/src/a.ts", ["@drover/storage"], /^cli and console import/],
  ["packages/core/test/a.test.ts", ["@drover/queue", "@drover/api"], /^A package's test imports/],
  ["apps/api/test/a.test.ts", ["@drover/processor-sdk"], /^api's tests/],
  ["apps/worker/test/a.test.ts", ["@drover/contract"], /^worker's tests/],
  ["apps/cli/test/a.test.ts", ["@drover/queue"], /^The tests of cli and console/],
  ["processors/thumbnail/test/a.test.ts", ["@drover/core"], /^A processor's tests/],
];

/** What the same files may import. */
const ALLOWED: readonly (readonly [file: string, names: readonly string[]])[] = [
  ["packages/core/src/a.ts", ["./b.js", "../b.js"]],
  ["packages/contract/src/a.ts", ["@drover/core", "zod"]],
  ["packages/processor-sdk/src/a.ts", ["zod", "node:fs/promises"]],
  ["packages/job-files/src/a.ts", ["@drover/core"]],
  ["packages/settings/src/a.ts", ["@drover/core", "zod"]],
  ["packages/log/src/a.ts", ["@drover/core", "winston"]],
  ["packages/metrics/src/a.ts", ["@drover/core", "prom-client", "node:perf_hooks"]],
  ["packages/tracing/src/a.ts", ["@drover/core", "@opentelemetry/api", "node:timers/promises"]],
  ["packages/process-guard/src/a.ts", ["node:child_process"]],
  ["packages/queue/src/a.ts", ["@drover/core", "@drover/log", "ioredis", "node:timers/promises"]],
  ["packages/queue/src/bullmq/a.ts", ["bullmq", "@drover/core", "../a.js"]],
  ["packages/storage/src/a.ts", ["@drover/core", "@drover/job-files", "@drover/log", "node:fs"]],
  ["packages/embedded-redis/src/a.ts", ["@drover/process-guard", "node:net"]],
  ["packages/client/src/a.ts", ["@drover/contract"]],
  ["packages/client/src/node.ts", ["@drover/contract", "node:fs"]],
  ["packages/web-component/src/a.ts", ["@drover/client", "./b.js"]],
  ["packages/react/src/a.ts", ["@drover/client", "@drover/web-component", "react"]],
  ["processors/thumbnail/src/a.ts", ["@drover/processor-sdk", "yaml", "node:fs"]],
  ["apps/api/src/a.ts", ["@drover/core", "@drover/contract", "@drover/settings", "express", "node:fs"]],
  ["apps/api/src/main.ts", ["@drover/queue", "@drover/storage", "@drover/log"]],
  ["apps/worker/src/a.ts", ["@drover/core", "@drover/process-guard", "@drover/processor-sdk"]],
  ["apps/worker/src/main.ts", ["@drover/queue", "@drover/storage", "@drover/processor-checksum"]],
  ["apps/cli/src/a.ts", ["@drover/client/node", "@drover/contract", "commander"]],
  ["apps/cli/src/up/a.ts", ["@drover/embedded-redis", "@drover/process-guard"]],
  ["apps/console/src/a.ts", ["@drover/client", "react"]],
  ["packages/testkit/src/a.ts", ["@drover/queue", "vitest"]],
  ["packages/core/test/a.test.ts", ["@drover/testkit", "@drover/core", "vitest", "node:fs"]],
  ["apps/api/test/a.test.ts", ["@drover/testkit", "@drover/queue", "vitest"]],
  ["apps/worker/test/a.test.ts", ["@drover/processor-sdk/testing", "@drover/storage"]],
  ["packages/e2e/test/a.test.ts", ["@drover/queue", "@drover/api"]],
];

/** Lines that some rule reports, each with the rule or the words of the plugin. */
const REPORTED: readonly (readonly [what: string, file: string, line: string, report: RegExp])[] = [
  [
    "a type-only import",
    "packages/core/src/a.ts",
    `import type { A } from "@drover/queue";`,
    /core imports nothing/,
  ],
  ["a dynamic import", "packages/core/src/a.ts", `await import("@drover/queue");`, /core imports nothing/],
  ["a re-export", "packages/core/src/a.ts", `export * from "@drover/queue";`, /core imports nothing/],
  ["a named re-export", "packages/core/src/a.ts", `export { a } from "@drover/queue/a.js";`, /core imports/],
  ["an import assignment", "packages/core/src/a.ts", `import q = require("@drover/queue");`, /core imports/],
  ["a require call", "packages/core/src/a.ts", `require("@drover/queue");`, /noCommonJs/],
  [
    "an inline type import",
    "packages/core/src/a.ts",
    `export type A = import("@drover/queue").A;`,
    /import type/,
  ],
  ["a name in backticks", "apps/api/src/a.ts", "await import(`@drover/queue`);", /literal in quotes/],
  ["a computed name", "apps/api/src/a.ts", `await import("@drover/" + name);`, /literal in quotes/],
  [
    "a path into another workspace",
    "apps/api/src/a.ts",
    `import "../../worker/src/a.js";`,
    /another workspace/,
  ],
  [
    "such a path of a test",
    "apps/api/test/a.test.ts",
    `import "../../worker/src/a.js";`,
    /another workspace/,
  ],
  ["an undeclared package", "packages/contract/src/a.ts", `import "zod/v4";`, /noUndeclaredDependencies/],
  [
    "a package for tests in a source",
    "apps/api/src/a.ts",
    `import "planted-dev";`,
    /noUndeclaredDependencies/,
  ],
  ["Node in core", "packages/core/src/a.ts", `import "node:os";`, /noNodejsModules/],
  ["Node in the client", "packages/client/src/a.ts", `import "node:os";`, /noNodejsModules/],
  ["the environment", "apps/api/src/a.ts", "process.env.PORT;", /noProcessEnv/],
  ["the environment by name", "packages/queue/src/config.ts", `process["env"];`, /noProcessEnv/],
  ["the global's environment", "apps/api/src/a.ts", "globalThis.process.env;", /noProcessEnv/],
  ["a variable that is set", "apps/worker/src/a.ts", `process.env["TZ"] = "UTC";`, /noProcessEnv/],
  ["the environment taken out", "apps/api/src/a.ts", "const { env } = process;", /not taken apart/],
  [
    "the environment imported",
    "apps/api/src/a.ts",
    `import { env } from "node:process";`,
    /global `process`/,
  ],
];

const UNREPORTED: readonly (readonly [what: string, file: string, line: string])[] = [
  [
    "a comment and a string",
    "packages/core/src/b.ts",
    `/* import "bullmq" */ export const a = 'import "bullmq"';`,
  ],
  ["a declared package", "apps/api/src/b.ts", `import "planted";`],
  ["a private workspace that the tarball carries", "apps/cli/src/up/b.ts", `import "planted-dev";`],
  ["a test's own sources", "apps/api/test/deep/b.test.ts", `import "../../src/a.js";`],
  ["the environment in an app's config", "apps/cli/src/cli-config.ts", "process.env.PORT;"],
  ["a child's environment", "apps/worker/src/children/watched-environment.ts", "process.env.TMPDIR;"],
  ["a program's environment", "packages/processor-sdk/src/command-environment.ts", "process.env.PATH;"],
  ["a processor by its setting", "apps/worker/src/import-processors.ts", "await import(moduleUrl);"],
  ["a path of the whole's tests", "packages/e2e/test/b.test.ts", `import "../../core/src/job.js";`],
];

/** A line of a planted file, and what the linter said of it. */
interface Planted {
  readonly text: string;
  readonly reports: string[];
}

describe("the rules of imports", () => {
  const files = new Map<string, Planted[]>();
  let folder = "";
  const reportsOf = (file: string, text: string) =>
    files.get(file)?.find((planted) => planted.text === text)?.reports;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "drover-imports-"));
    for (const name of CONFIGURATION) await cp(join(ROOT, name), join(folder, name));
    const add = (file: string, text: string) =>
      files.set(file, [...(files.get(file) ?? []), { text, reports: [] }]);
    for (const [file, names] of [...FORBIDDEN, ...ALLOWED])
      for (const name of names) add(file, importOf(name));
    for (const [, file, text] of [...REPORTED, ...UNREPORTED]) add(file, text);
    for (const [file, lines] of files) await plant(folder, file, lines);
    for (const { file, line, report } of await lint(folder))
      files.get(file)?.[line - 1]?.reports.push(report);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each(FORBIDDEN)("keep %s from importing %j", (file, names, message) => {
    for (const name of names) {
      expect(restrictions(reportsOf(file, importOf(name))), name).toEqual([expect.stringMatching(message)]);
    }
  });

  it.each(ALLOWED)("let %s import %j", (file, names) => {
    for (const name of names) expect(restrictions(reportsOf(file, importOf(name))), name).toEqual([]);
  });

  it.each(REPORTED)("report %s in %s", (_what, file, text, report) => {
    expect(reportsOf(file, text)).toContainEqual(expect.stringMatching(report));
  });

  it.each(UNREPORTED)("let pass %s in %s", (_what, file, text) => {
    expect(reportsOf(file, text)).toEqual([]);
  });
});

function importOf(name: string): string {
  return `import "${name}";`;
}

/** Of reports, the words of those that the table makes. */
function restrictions(reports: readonly string[] = ["nothing was planted"]): readonly string[] {
  const mark = "noRestrictedImports: ";
  return reports.filter((report) => !/^no(?!Restr)/.test(report)).map((report) => report.replace(mark, ""));
}

/**
 * Writes a file, a planted line on each of its lines, in a workspace that declares one package for use and
 * one for tests.
 */
async function plant(folder: string, file: string, lines: readonly Planted[]): Promise<void> {
  const workspace = join(folder, ...file.split("/").slice(0, 2));
  await mkdir(dirname(join(folder, file)), { recursive: true });
  const manifest = { dependencies: { planted: "*" }, devDependencies: { "planted-dev": "*" } };
  await writeFile(join(workspace, "package.json"), JSON.stringify(manifest));
  await writeFile(join(folder, file), `${lines.map(({ text }) => text).join("\n")}\n`);
}

interface Report {
  readonly file: string;
  readonly line: number;
  /** The rule and its message; of a plugin the message. */
  readonly report: string;
}

/** What the linter reports below the folder, of the rules that are about imports. */
async function lint(folder: string): Promise<readonly Report[]> {
  const args = [
    join(ROOT, "node_modules/@biomejs/biome/bin/biome"),
    "lint",
    "--reporter=github",
    "--max-diagnostics=none",
  ];
  const output = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 16 << 20 }, (error, stdout, stderr) =>
      error?.code === 1 ? resolve(stdout) : reject(new Error(`The linter found nothing: ${stderr}`)),
    );
  });
  return [...output.matchAll(/^::\w+ title=([^,]+),file=([^,]+),line=(\d+),[^:]*::(.*)$/gm)].flatMap(
    ([, title = "", file = "", line, message]) => {
      const rule = title.split("/").at(-1) ?? "";
      if (!RULES.test(rule)) return [];
      const report = rule === "plugin" ? `${message}` : `${rule}: ${message}`;
      return [{ file: file.slice(file.indexOf(folder) + folder.length + 1), line: Number(line), report }];
    },
  );
}
