import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProblemError, UnreachableError } from "@drover/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Config } from "../src/cli-config.js";
import { explain, UsageError } from "../src/exit.js";
import { createProgram } from "../src/program.js";
import { formatBytes } from "../src/show.js";
import { jobOf, serve } from "./fixtures.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drover-program-"));
  writeFileSync(join(folder, "a.csv"), "a,b\n");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function configOf(serverUrl: string): Config {
  return {
    serverUrl,
    apiKey: undefined,
    redisUrl: undefined,
    host: "127.0.0.1",
    port: "0",
    dataDir: folder,
    storage: undefined,
    processors: undefined,
    importFolder: undefined,
    logFormat: "pretty",
    serverEnvironment: {},
  };
}

/** Runs a submit against a server that keeps the form. */
async function submitted(
  ...args: readonly string[]
): Promise<{ form: string; key: unknown; code: number | undefined; printed: string }> {
  let form = "";
  let key: unknown;
  const url = await serve(async (request, response) => {
    key = request.headers["idempotency-key"];
    for await (const chunk of request) form += chunk;
    response.writeHead(202, { "content-type": "application/json" }).end(JSON.stringify(jobOf()));
  });
  let code: number | undefined;
  const program = createProgram(configOf(url), (its) => {
    code = its;
  });
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    const submit = ["submit", join(folder, "a.csv"), "-p", "checksum", "--json", ...args];
    await program.parseAsync(["node", "drover", ...submit]);
    return { form, key, code, printed: write.mock.calls.join("") };
  } finally {
    write.mockRestore();
  }
}

test("params are JSON where they are JSON, tags are text, and each submit has a key of its own", async () => {
  const first = await submitted(
    "--param",
    "deep=true",
    "--param",
    "zone=UTC",
    "--param",
    'n="3"',
    "--tag",
    "year=2026",
  );
  expect(first.form).toContain('{"deep":true,"zone":"UTC","n":"3"}');
  expect(first.form).toContain('{"year":"2026"}');
  expect(first.form).toContain('filename="a.csv"');
  expect(first.code).toBe(0);
  expect(JSON.parse(first.printed)).toEqual(jobOf());
  const second = await submitted("--key", "mine");
  expect(second.key).toBe("mine");
  expect(first.key).toMatch(/^[0-9a-f-]{36}$/);
});

test("a param without a name is a wrong command", async () => {
  await expect(submitted("--param", "=3")).rejects.toBeInstanceOf(UsageError);
  await expect(submitted("--param", "three")).rejects.toThrow('--param is name=value; got "three".');
});

test("each kind of error has its exit code, and only the unexpected shows a stack", () => {
  expect(explain(new UnreachableError("http://x cannot be reached.")).code).toBe(3);
  expect(explain(new ProblemError(404, { code: "x", detail: "No." }, undefined)).code).toBe(1);
  expect(explain(new UsageError("Port taken."))).toEqual({ code: 2, text: "Port taken." });
  expect(explain(new TypeError("bug")).text).toContain("program.test.ts");
});

test("sizes are told in the unit that reads best", () => {
  expect([0, 999, 1000, 1_234_567, 2e9, 3e15].map(formatBytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "1.2 MB",
    "2.0 GB",
    "3000.0 TB",
  ]);
});
