import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { signal, type TestRedis, testRedis, waitFor } from "@drover/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { json } from "./job-steps.js";

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

let redis: TestRedis;
let folder: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  redis = await testRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "drover-api-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

/** A line of a stack. */
const STACK = /\n\s+at |\\n\s+at /;

/** The real process. */
function start(env: Record<string, string> = {}, stdio: "ipc" | "ignore" = "ipc") {
  const child = spawn(process.execPath, [MAIN], {
    cwd: ROOT,
    env: {
      PATH: process.env["PATH"] ?? "",
      DROVER_DATA_DIR: folder,
      PORT: "0",
      REDIS_URL: redis.url,
      DROVER_QUEUE_PREFIX: redis.prefix(),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe", stdio],
  });
  children.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const listening = signal<string>();
  child.on("message", (message: { type: string; url: string }) => {
    if (message.type === "listening") listening.resolve(message.url);
  });
  const exited = new Promise<{ code: number | null; by: string | null }>((resolve) => {
    child.once("exit", (code, by) => {
      listening.reject(new Error(`The api ended before it listened: ${output}`));
      resolve({ code, by });
    });
  });
  return { child, output: () => output, listening: listening.promise, exited };
}

describe("the api process", { timeout: 60_000 }, () => {
  it("says where it listens, to its parent and in the log, warns about a misspelt setting, and ends by SIGTERM", async () => {
    const api = start({ DROVER_MAX_QUEUD: "5" });
    const url = await api.listening;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const lines = () =>
      api
        .output()
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { level: string; message: string; source: string });
    expect(lines()).toContainEqual(
      expect.objectContaining({ level: "info", source: "api", message: `Listening on ${url}` }),
    );
    expect(lines()).toContainEqual(
      expect.objectContaining({
        level: "warn",
        message: "DROVER_MAX_QUEUD is not a setting; did you mean DROVER_MAX_QUEUED?",
      }),
    );
    await waitFor(() => lines().some(({ message }) => message.includes("AOF")));
    api.child.kill("SIGTERM");
    expect(await api.exited).toEqual({ code: 0, by: null });
  });

  it("lists every mistake of its settings and exits", async () => {
    const api = start({ PORT: "99999", LOG_LEVEL: "loud" });
    expect((await api.exited).code).toBe(2);
    expect(api.output()).toContain("PORT");
    expect(api.output()).toContain("LOG_LEVEL");
  });

  it("starts without Redis and stays up", async () => {
    const api = start({ REDIS_URL: "redis://127.0.0.1:1", LOG_FORMAT: "pretty" });
    const url = await api.listening;
    const response = await fetch(`${url}/api/jobs`);
    expect(response.status).toBe(503);
    expect(await json(response)).toMatchObject({ code: "redis_unavailable" });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    await waitFor(() => api.output().includes("⚠️"));
  });

  it("ends when its parent closes the channel", async () => {
    const api = start();
    await api.listening;
    api.child.disconnect();
    expect(await api.exited).toEqual({ code: 0, by: null });
  });

  it("waits for a request under way, and ends at once by a second signal", async () => {
    const api = start({ DROVER_API_DRAIN_TIMEOUT: "1h" });
    const url = await api.listening;
    const { port } = new URL(url);
    const { connect } = await import("node:net");
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => {});
    socket.write("POST /api/upload HTTP/1.1\r\nHost: localhost\r\n");
    await waitFor(() => socket.bytesWritten > 0);
    await fetch(`${url}/livez`);
    api.child.kill("SIGTERM");
    await waitFor(() => api.output().includes("Stopping"));
    api.child.kill("SIGTERM");
    expect((await api.exited).code).toBe(1);
    socket.destroy();
  });

  it("says why when it cannot listen", async () => {
    const first = start();
    const { port } = new URL(await first.listening);
    const second = start({ PORT: port });
    second.listening.catch(() => {});
    expect((await second.exited).code).toBe(2);
    expect(second.output()).toContain(
      `Cannot listen on 127.0.0.1 port ${port} (HOST, PORT): listen EADDRINUSE`,
    );
    expect(second.output()).not.toMatch(STACK);
  });

  it.each([
    [{ PORT: "abc" }, "PORT: expected a whole number from 0 to 65535"],
    [{ DROVER_STORAGE: "s3://user:secret@x" }, "DROVER_STORAGE: expected file:<folder>"],
    [{ REDIS_URL: "redis://:secret@[bad" }, "REDIS_URL: expected an address that starts with redis://"],
  ])("tells a wrong setting in a sentence: %j", async (env, sentence) => {
    const api = start(env);
    api.listening.catch(() => {});
    expect((await api.exited).code).toBe(2);
    expect(api.output()).toContain(sentence);
    expect(api.output()).not.toMatch(STACK);
    expect(api.output()).not.toContain("secret");
  });

  it("goes on when nobody reads its log any more", async () => {
    const api = start();
    const url = await api.listening;
    api.child.stdout?.destroy();
    for (let i = 0; i < 5; i++) expect((await fetch(`${url}/nowhere`)).status).toBe(404);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });
});
