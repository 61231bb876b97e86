import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type CommandDefinition, defineCommand, InputInvalidError, TryLaterError } from "../src/index.js";
import { runProcessor } from "../src/testing.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drover-command-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A processor that runs the lines of a shell script, which gets the input and the output folder. */
async function script(body: string, more: Partial<CommandDefinition<unknown>> = {}) {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.sh`);
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  const args = ["{input}", "{output}"];
  const about = { name: "script", version: "1.0.0", description: "Runs a script." };
  return defineCommand({ ...about, command: path, args, ...more });
}

describe("a command", () => {
  it("makes artifacts of its output folder, and a result, progress and log of its lines", async () => {
    const processor = await script(
      `cat "$1" > "$2/copy.txt"; echo x > "$2/b.bin"
       echo '{"progress": 50, "stage": "copy", "message": "Half"}'; echo plain; echo broken >&2
       echo '{"log": "fine", "level": "debug"}'; echo '{"result": {"n": 1}}'`,
      { primary: "copy.txt", mediaTypes: { ".bin": "application/x-b" } },
    );
    const report = await runProcessor(processor, { input: "hello" });
    expect(report.artifacts.get("copy.txt")?.toString()).toBe("hello");
    expect([...report.artifacts.keys()]).toEqual(["b.bin", "copy.txt"]);
    expect(report).toMatchObject({ result: { n: 1 }, primary: "copy.txt" });
    expect(report.progress).toMatchObject([{ percent: 50, stage: "copy", message: "Half" }]);
    const logs = report.logs.map(({ level, message }) => `${level} ${message}`).sort();
    expect(logs).toEqual(["debug fine", "info plain", "warn broken"]);
  });

  it.each([
    ["exit 3", {}, Error, "The program ended with exit code 3."],
    ["echo why >&2; exit 1", {}, Error, "The program ended with exit code 1: why"],
    ["kill -9 $$", {}, Error, "The program was ended by signal SIGKILL."],
    ["exit 2", { 2: { outcome: "input_invalid", message: "No header." } }, InputInvalidError, "No header."],
    [
      `echo '{"error": "Row 5 has no date."}'; exit 2`,
      { 2: { outcome: "input_invalid", message: "No header." } },
      InputInvalidError,
      "Row 5 has no date.",
    ],
    ["exit 75", { 75: { outcome: "try_later", afterMs: 500 } }, TryLaterError, "exit code 75"],
    ["exit 0", { 0: { outcome: "failed", message: "Never good." } }, Error, "Never good."],
  ] as const)("that does %s fails as its exit codes mean", async (body, exitCodes, kind, message) => {
    const processor = await script(body, { exitCodes });
    const error = await runProcessor(processor, { input: "x" }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect(String(error)).toContain(message);
  });

  it("may end well with another code, and leaves nothing when it fails", async () => {
    const fine = await script("exit 9", { exitCodes: { 9: { outcome: "completed" } } });
    expect((await runProcessor(fine, { input: "x" })).result).toBeNull();
    const failing = await script(`echo x > "$2/out.txt"; exit 1`);
    await expect(runProcessor(failing, { input: "x" })).rejects.toThrow("exit code 1");
  });

  it.each([
    [`mkdir "$2/sub"`, "left a folder in its output folder: sub"],
    [`ln -s /etc/hostname "$2/link"`, "left a link in its output folder: link"],
    [`echo x > "$2/a b.txt"`, "An artifact's name is"],
  ])("whose output has what is no artifact fails: %s", async (body, message) => {
    await expect(runProcessor(await script(body), { input: "x" })).rejects.toThrow(message);
  });

  it("has an environment and a working folder that are said, and no others", async () => {
    process.env["DROVER_TEST_PASSED"] = "yes";
    process.env["DROVER_TEST_SECRET"] = "no";
    try {
      const body = `env | cut -d= -f1 | sort | tr '\\n' ' ' > "$2/names.txt"; pwd > "$2/pwd.txt"`;
      const processor = await script(body, { env: { OWN: "1" }, passEnv: ["DROVER_TEST_PASSED"] });
      const { artifacts } = await runProcessor(processor, { input: "x" });
      const names = (artifacts.get("names.txt")?.toString() ?? "").trim().split(" ");
      const ofTheShell = ["PWD", "OLDPWD", "SHLVL", "_", "LANG"];
      expect(names.filter((name) => !ofTheShell.includes(name))).toEqual([
        ...["DROVER_TEST_PASSED", "OWN", "PATH", "TMPDIR"],
      ]);
      expect(artifacts.get("pwd.txt")?.toString()).toContain("scratch");
      const other = await script(`pwd > "$2/pwd.txt"`, { workingFolder: "definition", folder });
      const found = (await runProcessor(other, { input: "x" })).artifacts.get("pwd.txt")?.toString();
      expect(found?.trim()).toBe(folder);
    } finally {
      delete process.env["DROVER_TEST_PASSED"];
      delete process.env["DROVER_TEST_SECRET"];
    }
  });

  it("is ended when its attempt is stopped", async () => {
    const processor = await script(`echo '{"stage": "waiting"}'; exec sleep 60`);
    const stop = new AbortController();
    const running = runProcessor(processor, { input: "x", signal: stop.signal });
    setTimeout(() => stop.abort(new Error("stopped")), 100);
    await expect(running).rejects.toThrow("stopped");
  });

  it.each([
    [{ command: "no-such-program-here" }, "is not on the PATH"],
    [{ command: "./missing.sh" }, "does not exist"],
    [{ command: "/dev/null" }, "is no program"],
    [{ command: "sort", args: ["{inpt}"] }, "there is no placeholder {inpt}"],
    [{ command: "sort", exitCodes: { 300: { outcome: "failed" } } }, "exit codes are 0 to 255"],
    [{ command: "sort", workingFolder: "/" as never }, "workingFolder is"],
    [{ command: "sort", argz: [] } as never, "there is no member.argz"],
  ] as [Partial<CommandDefinition<unknown>>, string][] as [Partial<CommandDefinition<unknown>>, string][])(
    "that cannot be run is refused when it is defined: %j",
    (more, message) => {
      const about = { name: "script", version: "1.0.0", description: "Runs a script.", command: "sort" };
      expect(() => defineCommand({ ...about, ...more })).toThrow(message);
      expect(() => defineCommand({ ...about, ...more })).toThrow(/^Processor script: /);
    },
  );

  it("has its params in the catalogue and in its arguments", async () => {
    const params = z.strictObject({ width: z.int().min(1).default(200), name: z.string().optional() });
    const body = `shift 2; printf '%s\\n' "$@" > "$OUT/args.txt"`;
    const args = ["{input}", "{output}", "{params.width}", ["-n", "{params.name}"]];
    const processor = await script(body.replace("$OUT", "$TMPDIR/output"), { params, args });
    expect(processor.paramsSchema).toMatchObject({ properties: { width: { minimum: 1 } } });
    const { artifacts } = await runProcessor(processor, { input: "x", params: { name: "; rm -rf $HOME" } });
    expect(artifacts.get("args.txt")?.toString()).toBe("200\n-n\n; rm -rf $HOME\n");
  });
});
