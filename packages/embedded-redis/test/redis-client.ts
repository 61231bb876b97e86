import { createConnection } from "node:net";
import { identify } from "@drover/process-guard";

/** Sends commands to a Redis, one after the other, and answers its raw replies; for tests only. */
export function send(url: string, ...commands: readonly string[]): Promise<string> {
  const { port, password } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: "127.0.0.1", port: Number(port) });
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
    const login = password === "" ? [] : [`AUTH ${password}`];
    socket.end([...login, ...commands, "QUIT"].map((command) => `${command}\r\n`).join(""));
  });
}

/** Resolves once `isTrue` answers true; throws after `deadlineMs`. */
export async function until(isTrue: () => boolean | Promise<boolean>, deadlineMs: number): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`Not true within ${deadlineMs} ms: ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Whether a process has the pid and is no zombie. */
export function isAlive(pid: number): boolean {
  return identify(pid) !== undefined;
}
