import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "@drover/testkit";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ONLY_IN_FULL, System } from "../src/system.js";
import { CLI, CliProcess } from "./cli-process.js";

const hasScript = spawnSync("script", ["--version"]).stdout?.toString().includes("util-linux") === true;
const reason = hasScript ? "" : " (skipped: there is no script of util-linux)";
/** Begins each drawing of a line. */
const REDRAW = "\r\u001b[K";
const COLOUR = new RegExp(`${"\u001b"}\\[\\d*m`, "g");

let system: System;
beforeAll(async () => {
  system = await System.start({ apis: 1, workers: 1, processors: ["digest", "misbehave"] });
  writeFileSync(join(system.folder, "a.csv"), "a,b\n");
});
afterAll(() => system.stop());

const environment = () => ({ DROVER_URL: system.url(), TERM: "xterm-256color" });
const drover = (...args: string[]) => new CliProcess(args, { cwd: system.folder, env: environment() });

/** What a command says to its end, as lines, and its exit code. */
async function said(...args: string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const cli = drover(...args);
  const code = await cli.exitCode();
  return { code, output: cli.output };
}

async function submitted(processor: "digest" | "misbehave", params: Record<string, unknown>, tags = {}) {
  const { job_id } = await system.client().submit(processor, new Blob(["x"]), { params, tags });
  return job_id;
}

/** A command on a pseudo-terminal of 80 columns; what it wrote, and what the shell says after it. */
class Terminal {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  output = "";

  constructor(...args: string[]) {
    const words = [process.execPath, CLI, ...args].map((word) => `'${word}'`).join(" ");
    const line = `stty cols 80 rows 12; trap : INT; ${words}; echo "code $?"`;
    const { PATH = "", HOME = "" } = process.env;
    this.#child = spawn("script", ["-qec", line, "/dev/null"], {
      cwd: system.folder,
      env: { PATH, HOME, ...environment() },
    });
    this.#closed = once(this.#child, "close");
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.output += chunk.toString();
    });
    onTestFinished(() => void this.#child.kill("SIGKILL"));
  }

  /** As a person types it: "\u0003" is Ctrl-C. */
  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  shows(text: string | RegExp): Promise<unknown> {
    const has = () => (typeof text === "string" ? this.output.includes(text) : text.test(this.output));
    return waitFor(has, { deadlineMs: 30_000, what: `${text} in ${this.output}` });
  }

  /** Waits for its end; what was seen, without the colours. */
  async seen(): Promise<string> {
    await this.#closed;
    return this.output.replaceAll(COLOUR, "");
  }
}

describe.skipIf(!hasScript)(`on a terminal${reason}`, () => {
  it("a job has one line that is drawn over and over, in colours, and its exit code at the end", async () => {
    const watch = new Terminal("watch", await submitted("digest", { ms: 4_000 }));
    const seen = await watch.seen();
    const drawn = seen.split(REDRAW).slice(1);
    expect(drawn.length).toBeGreaterThan(3);
    expect(drawn.slice(0, -1).filter((line) => line.includes("\n"))).toEqual([]); // no line but the one
    expect(drawn.at(-1)).toMatch(/^█{24} 100\.0 % {2}0:0\d {2}completed\r\n[\s\S]*code 0\r\n$/);
    expect(Math.max(...drawn.map((line) => (line.split("\r\n")[0] ?? "").length))).toBeLessThan(80);
    expect(watch.output).toContain("\u001b[32mcompleted\u001b[39m");
  });

  it("--no-color has none of them, and a live line all the same", async () => {
    const watch = new Terminal("watch", "--no-color", await submitted("digest", { ms: 300 }));
    const seen = await watch.seen();
    expect(seen).toBe(watch.output);
    expect(seen).toContain(REDRAW);
  });

  it("Ctrl-C leaves the terminal on a line of its own, says how to go on, and is exit code 130", async () => {
    const jobId = await submitted("digest", { ms: 60_000 });
    const watch = new Terminal("watch", jobId);
    await watch.shows("wait");
    watch.type("\u0003");
    const seen = await watch.seen();
    expect(seen).toMatch(/ % {2}.*\r\ndrover: Job .* goes on without this command.*\r\ncode 130\r\n$/);
    await system.client().cancel(jobId);
  });

  it("all jobs of a processor are watched, what ends stays above what runs, and Ctrl-C ends it", async () => {
    const watch = new Terminal("watch", "--processor", "digest", "--tag", "of=list");
    await watch.shows("0 running, 0 waiting");
    const jobId = await submitted("digest", { ms: 800 }, { of: "list" });
    await submitted("digest", {}, { of: "another" });
    await watch.shows("1 running, 0 waiting");
    await watch.shows(/completed[^\n]*\n[^\n]*0 running/);
    watch.type("\u0003");
    const seen = await watch.seen();
    expect(seen).toMatch(new RegExp(`${jobId} {2}digest {2}█{10} 100\\.0 % {2}0:0\\d {2}completed\r\n`));
    expect(seen).toMatch(/drover: The jobs go on without this command\.\r\ncode 130\r\n$/);
    expect(new Set(seen.match(/[0-9a-f]{8}-[0-9a-f-]{27}/g))).toEqual(new Set([jobId]));
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `a deletion of many asks, and takes no for an answer, and Ctrl-C${ONLY_IN_FULL}`,
    async () => {
      const jobId = await submitted("digest", {}, { of: "asked" });
      await system.client().wait(jobId);
      const args = ["delete", "--older-than", "0s", "--tag", "of=asked"];
      for (const [answer, end] of [
        ["n\r", "Nothing was deleted.\r\ncode 1\r\n"],
        ["\u0003", "drover: Nothing was deleted.\r\ncode 130\r\n"],
        ["y\r", "Deleted 1 job.\r\ncode 0\r\n"],
      ] as const) {
        const asking = new Terminal(...args);
        await asking.shows("Delete 1 job older than 0s, with files and results? [y/N]");
        asking.type(answer);
        expect((await asking.seen()).endsWith(end), asking.output).toBe(true);
      }
      await expect(system.client().get(jobId)).rejects.toMatchObject({ status: 404 });
    },
  );

  it.skipIf(ONLY_IN_FULL !== "")(
    `an upload shows how much was sent, and the line goes when it is done${ONLY_IN_FULL}`,
    async () => {
      writeFileSync(join(system.folder, "big.bin"), Buffer.alloc(64 << 20));
      const seen = await new Terminal("submit", "big.bin", "-p", "digest").seen();
      expect(seen).toMatch(/ % {2}sent [\d.]+ [kM]B of 67\.1 MB, [\d.]+ [kM]?B\/s/);
      expect(seen.split("\u001b[J").at(-1)).toMatch(/^[0-9a-f-]{36} {2}digest/);
    },
  );
});

describe("without a terminal", () => {
  it.skipIf(ONLY_IN_FULL !== "")(
    `a watch has plain lines, and ends with the exit code of the job${ONLY_IN_FULL}`,
    async () => {
      const { code, output } = await said("watch", await submitted("digest", { ms: 4_000 }));
      expect(code).toBe(0);
      expect(output).not.toContain("\u001b");
      expect(output).toMatch(/^ *\d+\.\d % {2}.*\n(.*\n)*100\.0 % {2}completed\n/);
      const failed = await said("watch", await submitted("misbehave", { how: "invalid" }));
      expect(failed.code).toBe(1);
      expect(failed.output).toContain("failed: Row 12: this can never work.\n");
    },
  );

  it.skipIf(ONLY_IN_FULL !== "")(
    `failed jobs are found, retried and deleted together${ONLY_IN_FULL}`,
    async () => {
      const tags = { of: "batch" };
      const ids = await Promise.all([1, 2, 3].map(() => submitted("misbehave", { how: "invalid" }, tags)));
      for (const id of ids) await system.client().wait(id);
      const found = await said("search", "batch", "--status", "failed", "--tag", "of=batch", "--json");
      expect(
        JSON.parse(found.output)
          .map((job: { job_id: string }) => job.job_id)
          .toSorted(),
      ).toEqual(ids.toSorted());
      const chosen = ["--all", "--failed", "--tag", "of=batch"];
      expect((await said("retry", ...chosen, "--dry-run")).output).toMatch(/^Would retry 3:\n(.*\n){3}$/);
      expect(await said("retry", ...chosen)).toEqual({ code: 0, output: "Retried 3 jobs.\n" });
      for (const id of ids) await system.client().wait(id);
      const old = ["--older-than", "0s", "--status", "failed", "--tag", "of=batch"];
      const refused = await said("delete", ...old);
      expect(refused.code).toBe(2);
      expect(refused.output).toContain("Say --yes to do it");
      expect(await said("delete", ...old, "--yes")).toEqual({ code: 0, output: "Deleted 3 jobs.\n" });
      expect(await said("list", "--tag", "of=batch")).toEqual({ code: 0, output: "No jobs.\n" });
    },
  );

  it("what happens to all jobs is a line of JSON each, and the signal ends it", async () => {
    const watch = drover("watch", "--processor", "digest", "--json");
    await watch.printed(/"type":"snapshot"/);
    const jobId = await submitted("digest", {});
    await watch.printed(new RegExp(`"type":"ended","job":{"job_id":"${jobId}"`));
    watch.signal("SIGTERM");
    expect(await watch.exitCode()).toBe(143);
  });
});
