import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A server to compare with, in a process of its own. */
export interface Baseline {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts `baseline/<name>.mjs` and waits until it listens. It ends with this process at the latest. */
export async function startBaseline(
  name: "status" | "submit",
  env: Readonly<Record<string, string>>,
): Promise<Baseline> {
  const child: ChildProcess = fork(fileURLToPath(new URL(`./baseline/${name}.mjs`, import.meta.url)), {
    env: { ...process.env, ...env },
  });
  const [ready] = (await once(child, "message", { signal: AbortSignal.timeout(30_000) })) as [
    { url: string },
  ];
  return {
    url: ready.url,
    async stop() {
      child.kill();
      await once(child, "exit");
    },
  };
}
