import { execFile, spawnSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createClient, ProblemError } from "@drover/client";
import { transform } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apiUrl, CliProcess } from "./cli-process.js";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const WRITING = readFileSync(join(ROOT, "docs/writing-a-processor.md"), "utf8");

let folder: string;
let up: CliProcess;
let url: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "drover-readme-"));
  symlinkSync(join(ROOT, "processors"), join(folder, "processors"));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "word-count.mjs"), block(README, /```js\n(\/\/ word-count\.mjs.*?)```/s));
  up = new CliProcess(["up", "--processor", "./word-count.mjs"], { cwd: folder, env: { PORT: "0" } });
  url = await apiUrl(up);
});

afterAll(async () => {
  up.signal("SIGTERM");
  await up.exitCode();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
});

/** The first group of the only match. */
function block(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`Nothing matches ${pattern}.`);
  return found;
}

const FENCE = "```";

/** The block of a first job that `/docs` shows, by language. */
async function firstJob(language: string): Promise<string> {
  const document = await (await fetch(`${url}/openapi.json`)).json();
  const { description } = (document as { info: { description: string } }).info;
  return block(description, new RegExp(`${FENCE}${language}\\n(.*?)^${FENCE}`, "ms"));
}
const HELLO = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"; // of "hello\n"

test("the first job of /docs runs as printed, with curl", async () => {
  const { stdout } = await run("bash", ["-euc", `DROVER_API_KEY=\n${await firstJob("sh")}`], { cwd: folder });
  expect(stdout).toMatch(/"status":"completed".*"status":"completed"/s);
  expect(stdout).toContain(`${HELLO}  hello.txt`);
});

test("the first job of /docs runs as printed, in TypeScript", async () => {
  const { code } = await transform(await firstJob("ts"), { loader: "ts" });
  const args = ["--input-type=module", "--eval", code];
  const { stdout } = await run(process.execPath, args, { cwd: folder });
  expect(stdout).toContain(`checksum.txt ${HELLO}  hello.txt`);
});

const python = spawnSync("python3", ["--version"]).status === 0;
test.skipIf(!python)(
  `the first job of /docs runs as printed, in Python${python ? "" : " (skipped: there is no python3)"}`,
  async () => {
    const { stdout } = await run("python3", ["-c", await firstJob("python")], { cwd: folder });
    expect(stdout).toContain(`${HELLO}  hello.txt`);
  },
);

test("the curl lines of the README do what the text around them says", async () => {
  const lines = block(README, /<!-- walk-through -->\s*```sh\n(.*?)```\s*<!-- \/walk-through -->/s);
  const script = lines.replace("http://127.0.0.1:8000", url);
  const { stdout } = await run("bash", ["-euo", "pipefail", "-c", script], { cwd: folder, timeout: 100_000 });

  expect(stdout).toContain('"status":"completed"');
  expect(statSync(join(folder, "results.zip")).size).toBeGreaterThan(1_000);
  expect(readFileSync(join(folder, "results.zip")).subarray(0, 2).toString()).toBe("PK");
  expect(JSON.parse(readFileSync(join(folder, "summary.json"), "utf8"))).toBeTypeOf("object");
  expect(stdout).toContain('"original":"recieved","replacement":"received","severity":"error"');
  const checksums = [...stdout.matchAll(/\{"job_id":"([^"]+)","processor":"checksum"/g)].map(
    (match) => match[1],
  );
  expect(checksums[0]).toBe(checksums[1]);
  expect(stdout).toContain("Invalid job_id format (must be UUID)");
  expect(stdout).toContain('"code":"job_already_finished"');
  const { job_id } = JSON.parse(readFileSync(join(folder, "job.json"), "utf8"));
  await expect(createClient({ baseUrl: url }).get(job_id)).rejects.toMatchObject({ code: "job_not_found" });
});

test("the processor of the README counts words, and refuses what its text says it refuses", async () => {
  const client = createClient({ baseUrl: url });
  const submit = (text: BlobPart, filename: string, params = {}) =>
    client.submit("word-count", new Blob([text]), { filename, params });
  const job = await submit("one two three\nfour ", "a.txt", { min_length: 4 });
  expect(await client.wait(job.job_id)).toMatchObject({ status: "completed", result: { words: 2 } });
  await expect(submit("x", "a.csv")).rejects.toMatchObject({ code: "file_type_not_accepted" });
  await expect(submit("x", "a.txt", { min_length: 0 })).rejects.toMatchObject({ code: "invalid_params" });
  const binary = await submit(Buffer.from([0xff, 0xfe, 0x00]), "a.txt");
  expect((await client.wait(binary.job_id)).error).toMatchObject({
    code: "input_invalid",
    message: "The file is not UTF-8 text.",
  });
});

test("params that the flagship cannot use are refused at upload, each in words of its own", async () => {
  const client = createClient({ baseUrl: url });
  const refusalOf = (params: Record<string, unknown>) =>
    client.submit("moodle-log", new Blob(["a"]), { filename: "log.csv", params }).then(
      () => "was taken",
      (error: unknown) => (error instanceof ProblemError ? error.problem.errors : error),
    );
  const about = (path: string, words: string) => [{ path, message: expect.stringContaining(words) }];
  expect(await refusalOf({ timezone: "Europe/Atlantis" })).toEqual(
    about("params.timezone", "as Europe/Lisbon"),
  );
  expect(await refusalOf({ date_format: "whenever" })).toEqual(about("params.date_format", "as DD/MM/YYYY"));
  const conditions = await refusalOf({ rules: [{ activity: "View" }] });
  expect(conditions).toContainEqual({ path: "params.rules.0.module", message: "is required" });
});

test("the test of a processor in the documentation runs as printed", async () => {
  const code = block(WRITING, /```js\n(import \{ runProcessor.*?)```/s);
  writeFileSync(join(folder, "word-count.test.mjs"), code);
  const { stdout } = await run(process.execPath, ["word-count.test.mjs"], { cwd: folder });
  expect(stdout.trim()).toBe("{ words: 1 }");
});

test("the settings and errors in the README and .env.example are those of the code", async () => {
  await run(process.execPath, ["scripts/print-tables.mjs"], { cwd: ROOT });
});

test("every link of the documentation leads to a file", () => {
  const pages = ["README.md", ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`)];
  for (const page of pages.filter((name) => name.endsWith(".md"))) {
    const text = readFileSync(join(ROOT, page), "utf8");
    for (const [, target = ""] of text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
      expect(() => statSync(join(ROOT, page, "..", target)), `${page} links to ${target}`).not.toThrow();
    }
  }
});

test("every dependency has its line in docs/dependencies.md, and no line is left over", () => {
  const workspaces = ["packages", "apps", "processors"].flatMap((parent) =>
    readdirSync(join(ROOT, parent)).map((name) => join(ROOT, parent, name, "package.json")),
  );
  const declared = new Set<string>();
  for (const path of [join(ROOT, "package.json"), ...workspaces]) {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(path, "utf8"));
    for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
      if (!name.startsWith("@drover/") && !name.startsWith("@types/")) declared.add(name);
    }
  }
  const [text = ""] = readFileSync(join(ROOT, "docs/dependencies.md"), "utf8").split("\n## Oldest versions");
  const described = [...text.matchAll(/^\| (.+?) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ""),
  );
  expect(described.sort()).toEqual([...declared].sort());
});
