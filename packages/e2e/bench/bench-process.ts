import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { System } from "../src/index.js";

/** A process of the benchmark's own: a server or a worker to compare with, or what sends load. */
export interface BenchProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What the process said when it was ready. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts `processes/<name>.mjs` and waits until it is ready. It ends with this process at the latest. */
export async function startProcess(
  name: "load" | "latency" | "streams" | "bare-status" | "bare-submit" | "bullmq-worker",
  env: Readonly<Record<string, string>> = {},
): Promise<BenchProcess> {
  const child = fork(fileURLToPath(new URL(`./processes/${name}.mjs`, import.meta.url)), {
    env: { ...process.env, ...env },
  });
  const [ready] = (await once(child, "message", { signal: AbortSignal.timeout(30_000) })) as [
    { readonly url?: string },
  ];
  return {
    child,
    pid: child.pid ?? 0,
    url: ready.url ?? "",
    async stop() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

/** Starts the server that submits and transfers are compared with, over a folder of its own in the system's. */
export async function startBareServer(system: System): Promise<BenchProcess> {
  const folder = join(system.folder, "bare");
  await mkdir(folder);
  const server = await startProcess("bare-submit", { REDIS_URL: system.redis.url, BENCH_FOLDER: folder });
  return {
    ...server,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}
