import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { waitFor } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ONLY_IN_FULL } from "../src/system.js";
import { busyServer, JOB_ID, serve } from "./busy-server.js";
import { CLI, CliProcess, descendants, isRunning, processesIn } from "./cli-process.js";

const WORKER = fileURLToPath(new URL("../../../apps/worker/dist/main.js", import.meta.url));
/** A line of a stack. */
const STACK = /^\s+at /m;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drover-mistakes-"));
  writeFileSync(join(folder, "a.csv"), "a,b\n");
});
/** Ends what the test has left running. */
const leftovers: (() => void)[] = [];
afterEach(async () => {
  for (const end of leftovers.splice(0)) end();
  await waitFor(() => processesIn(folder).length === 0, {
    deadlineMs: 30_000,
    what: "the end of all processes",
  });
  rmSync(folder, { recursive: true, force: true });
});

function drover(args: readonly string[], env: Readonly<Record<string, string>> = {}): CliProcess {
  const cli = new CliProcess(args, { cwd: folder, env: { PORT: "0", ...env } });
  leftovers.push(() => cli.signal("SIGKILL"));
  return cli;
}

/** What a command says to its end. */
async function said(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const cli = drover(args, env);
  const code = await cli.exitCode();
  expect(cli.output).not.toMatch(STACK);
  return { code, output: cli.output };
}

/** A shell line in which `drover` is the command; `$CODE` after it is its exit code. */
async function shell(line: string, env: Readonly<Record<string, string>> = {}) {
  const script = `drover() { "${process.execPath}" "${CLI}" "$@"; }; ${line}`;
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn("bash", ["-c", script], { cwd: folder, env: { PATH, HOME, PORT: "0", ...env } });
  leftovers.push(() => child.kill("SIGKILL"));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(`${out}${err}`).not.toMatch(STACK);
  return { out, err };
}

describe("a wrong setting is told in a sentence, with exit code 2:", () => {
  test.each([
    [["up"], { PORT: "abc" }, 'PORT: expected a whole number from 0 to 65535; got "abc".'],
    [["up"], { PORT: "70000" }, 'PORT: expected a whole number from 0 to 65535; got "70000".'],
    [["up"], { HOST: "203.0.113.7" }, "HOST: expected an address of this machine"],
    [["list"], { DROVER_URL: "nonsense" }, "DROVER_URL: The address of a Drover server is http://"],
  ])("drover %s with %j", async (args, env, sentence) => {
    const { code, output } = await said(args, env);
    expect(output).toContain(sentence);
    expect(code).toBe(2);
    expect(existsSync(join(folder, ".drover"))).toBe(false);
  });

  test("a command that needs no port does not mind a wrong one", async () => {
    expect((await said(["list", "--json"], { PORT: "abc", DROVER_URL: await busyServer() })).code).toBe(0);
  });

  test.skipIf(ONLY_IN_FULL !== "")(
    `a misspelt variable is named with the one that was meant, by the api and the worker${ONLY_IN_FULL}`,
    async () => {
      const up = drover(["up"], { DROVER_CONCURENCY: "3" });
      await up.printed(/api .*DROVER_CONCURENCY is not a setting; did you mean DROVER_CONCURRENCY\?/);
      await up.printed(/worker .*DROVER_CONCURENCY is not a setting; did you mean DROVER_CONCURRENCY\?/);
      up.signal("SIGTERM");
      await up.exitCode();
    },
  );

  test.skipIf(ONLY_IN_FULL !== "")(
    `a processor that is defined wrongly is told with its file, and nothing else${ONLY_IN_FULL}`,
    async () => {
      const sdk = import.meta.resolve("@drover/processor-sdk");
      const code = `import { defineProcessor } from "${sdk}"; export default defineProcessor({ name: "x" });`;
      writeFileSync(join(folder, "x.mjs"), code);
      const wrong = await said(["up"], { DROVER_PROCESSORS: "./x.mjs" });
      expect(wrong.output).toContain("Processor module ./x.mjs could not be loaded: Processor x: version is");
      expect(wrong.code).toBe(2);
    },
  );

  test.each([
    ["./none.mjs", "./none.mjs does not exist"],
    [".", ". is not a file"],
  ])("--processor %s, before anything is started", async (processor, sentence) => {
    const { code, output } = await said(["up", "--processor", processor]);
    expect(output).toContain(`--processor: ${sentence}; expected a module, as ./word-count.mjs`);
    expect(code).toBe(2);
    expect(existsSync(join(folder, ".drover"))).toBe(false);
  });

  test.skipIf(ONLY_IN_FULL !== "")(
    `--processor with a processor that there is already, in a file whose name has a comma${ONLY_IN_FULL}`,
    async () => {
      const sdk = import.meta.resolve("@drover/processor-sdk");
      const zod = import.meta.resolve("zod");
      const second = `import { defineProcessor } from "${sdk}"; import { z } from "${zod}"; export default defineProcessor({
      name: "checksum", version: "1.0.0", description: "A second one.", params: z.object({}), run: async () => 1 });`;
      writeFileSync(join(folder, "a,b.mjs"), second);
      const { code, output } = await said(["up", "--processor", "a,b.mjs"]);
      expect(output).toContain("The processor checksum is defined by file:");
      expect(code).toBe(2);
    },
  );
});

describe("a worker that cannot start says why in a sentence, with exit code 2:", () => {
  const worker = `"${process.execPath}" "${WORKER}"; echo "code $?"`;

  test.skipIf(ONLY_IN_FULL !== "")(`a taken port${ONLY_IN_FULL}`, async () => {
    const { port } = new URL(await busyServer());
    const { out, err } = await shell(worker, { DROVER_WORKER_PORT: port });
    expect(err).toMatch(
      new RegExp(
        `^Cannot listen on 127\\.0\\.0\\.1 port ${port} \\(HOST, DROVER_WORKER_PORT\\): listen ` +
          "EADDRINUSE.*\n$",
      ),
    );
    expect(out).toContain("code 2\n");
  });

  test.skipIf(ONLY_IN_FULL !== "")(`a data folder that cannot be${ONLY_IN_FULL}`, async () => {
    const { out, err } = await shell(worker, { DROVER_DATA_DIR: join(folder, "a.csv") });
    expect(err).toMatch(/^ENOTDIR: not a directory, .*a\.csv.*\n$/);
    expect(out).toContain("code 2\n");
  });

  test("a processor's module that throws, with the line that does", async () => {
    writeFileSync(join(folder, "y.mjs"), "\n\nexport default nowhere.at.all;");
    const { err, out } = await shell(worker, { DROVER_PROCESSORS: "./y.mjs" });
    expect(`${err}${out}`).toMatch(
      /could not be loaded: ReferenceError: nowhere is not defined \(file:.*y\.mjs:3:16\)/,
    );
    expect(out).toContain("code 2\n");
  });

  test.skipIf(ONLY_IN_FULL !== "")(`several wrong settings, all at once${ONLY_IN_FULL}`, async () => {
    const { out, err } = await shell(worker, {
      DROVER_CONCURRENCY: "many",
      REDIS_URL: "http://user:secret@x",
    });
    expect(err).toMatch(/^Wrong settings:\n {2}REDIS_URL: .*\n {2}DROVER_CONCURRENCY: .*\n$/);
    expect(err).not.toContain("secret");
    expect(out).toBe("code 2\n");
  });
});

describe("a wrong file is told in a sentence, with exit code 2, before anything is sent:", () => {
  test.each([
    ["a folder", ["."], ". is a folder, not a file."],
    ["a missing file", ["none.csv"], "none.csv does not exist."],
    ["a path through a file", ["a.csv/b.csv"], "A part of a.csv/b.csv is a file, not a folder."],
    ["a device", ["/dev/null"], "/dev/null is a device or a socket, not a regular file."],
    ["an output below a file", ["a.csv", "-o", "a.csv/out.zip"], "a.csv exists already, and is no folder."],
  ])("%s", async (_, args, sentence) => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.end();
    });
    const { code, output } = await said(["submit", ...args, "-p", "checksum"], { DROVER_URL: url });
    expect(output).toContain(sentence);
    expect([code, requests]).toEqual([2, 0]);
  });

  test("a missing folder for the output is made", async () => {
    const url = await busyServer();
    const cli = drover(["submit", "a.csv", "-p", "checksum", "-o", "new/deep/out.zip"], { DROVER_URL: url });
    await cli.printed(/read/);
    expect(readdirSync(join(folder, "new"))).toEqual(["deep"]);
  });
});

describe("a server that is none", () => {
  test.each([
    ["a page", (): RequestListener => (_, response) => response.end("<h1>It works</h1>")],
    [
      "an error page",
      (): RequestListener => (_, response) => response.writeHead(404).end("<h1>It works</h1>"),
    ],
  ])("that answers %s is told by what it said, with exit code 3", async (_, listener) => {
    const url = await serve(listener());
    const { code, output } = await said(["list"], { DROVER_URL: url });
    expect(output).toContain(`${url}/api/jobs answered`);
    expect(output).toContain(
      'with "<h1>It works</h1>", which is no answer of a Drover server. Is DROVER_URL its address?',
    );
    expect(code).toBe(3);
  });
});

describe("a command that is ended while it waits", () => {
  test.each<readonly [string, readonly string[], NodeJS.Signals, number, string]>([
    ["submit --watch by Ctrl-C", ["submit", "a.csv", "-p", "checksum", "-w"], "SIGINT", 130, ""],
    [
      "submit --output by Ctrl-C",
      ["submit", "a.csv", "-p", "checksum", "-o", "r/"],
      "SIGINT",
      130,
      " --output r/",
    ],
    ["watch by Ctrl-C", ["watch", JOB_ID], "SIGINT", 130, ""],
    ["watch by SIGTERM", ["watch", JOB_ID, "--json"], "SIGTERM", 143, " --json"],
  ])("says the job and how to go on: %s", async (_, args, signal, code, rest) => {
    const cli = drover(args, { DROVER_URL: await busyServer() });
    await cli.printed(/40\.0 % {2}read/);
    cli.signal(signal);
    expect(await cli.exitCode()).toBe(code);
    expect(cli.output).toContain(
      `drover: Job ${JOB_ID} goes on without this command. To see how it ends: drover watch ` +
        `${JOB_ID}${rest}\n`,
    );
    expect(cli.output).not.toMatch(STACK);
  });

  test.skipIf(ONLY_IN_FULL !== "")(
    `a demo says that its job ends with it, and leaves nothing${ONLY_IN_FULL}`,
    async () => {
      mkdirSync(join(folder, "tmp"));
      const slow =
        'import { defineProcessor } from "SDK"; import { z } from "ZOD"; import { setTimeout } from "node:timers/promises";'
          .replace("SDK", import.meta.resolve("@drover/processor-sdk"))
          .replace("ZOD", import.meta.resolve("zod"));
      const definition =
        '{ name: "slow", version: "1", description: "Waits.", params: z.object({}), run: () => setTimeout(600_000) }';
      writeFileSync(join(folder, "slow.mjs"), `${slow} export default defineProcessor(${definition});`);
      const demo = drover(["demo", "--file", "a.csv", "--processor", "slow"], {
        ...{ DROVER_PROCESSORS: "./slow.mjs", TMPDIR: join(folder, "tmp") },
      });
      const [, id] = await demo.printed(/: job (\S+)/);
      const pids = descendants(demo.pid);
      demo.signal("SIGINT");
      expect(await demo.exitCode()).toBe(130);
      expect(demo.output).toContain(`Stopping. Job ${id} ends here: the demo keeps nothing.`);
      await waitFor(() => pids.filter(isRunning).length === 0, { deadlineMs: 5_000 });
      expect(readdirSync(join(folder, "tmp")).filter((name) => name.startsWith("drover-demo-"))).toEqual([]);
    },
  );
});

describe("an output that takes no more", () => {
  test.skipIf(ONLY_IN_FULL !== "")(`ends a list quietly when its reader is gone${ONLY_IN_FULL}`, async () => {
    const env = { DROVER_URL: await busyServer() };
    const { out, err } = await shell('drover list -n 200 --json | head -c 1; echo "code $PIPESTATUS"', env);
    expect(out).toBe("[code 0\n");
    expect(err).toBe("");
  });

  test.skipIf(ONLY_IN_FULL !== "")(
    `is told when its disk is full, with exit code 2${ONLY_IN_FULL}`,
    async () => {
      const { out, err } = await shell('drover list -n 200 > /dev/full; echo "code $?"', {
        DROVER_URL: await busyServer(),
      });
      expect(err).toBe("drover: standard output: The disk is full.\n");
      expect(out).toBe("code 2\n");
    },
  );

  test.skipIf(ONLY_IN_FULL !== "")(
    `stops an up quietly and in order, as a signal does, when it has something to say${ONLY_IN_FULL}`,
    async () => {
      const addressOnly = "sed -un '/ API /{s/.*http/http/p;q}'";
      // For a line, if none comes by itself.
      const reader = `{ url=$(${addressOnly}); exec 0<&-; curl -s -o gone.json "$url/api/jobs/none"; }`;
      const { out, err } = await shell(`drover up | ${reader}; echo "code $PIPESTATUS"`);
      expect(out).toBe("code 0\n");
      expect(err).toBe("");
    },
  );

  test.skipIf(ONLY_IN_FULL !== "")(`stops an up that is still starting${ONLY_IN_FULL}`, async () => {
    const { out, err } = await shell('drover up | head -1; echo "code $PIPESTATUS"');
    expect(out).toMatch(/^.+\ncode 0\n$/);
    expect(err).toBe("");
  });
});
