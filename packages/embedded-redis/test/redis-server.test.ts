import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FolderInUseError, type RunningRedis, startRedis } from "../src/index.js";
import { isAlive, send, until } from "./redis-client.js";

let folder: string;
const started: RunningRedis[] = [];
const owners: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drover redis ")); // the space: paths are quoted in the configuration
});

afterEach(async () => {
  for (const owner of owners.splice(0)) owner.kill("SIGKILL");
  await Promise.all(started.splice(0).map((redis) => redis.stop()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(url?: string): Promise<RunningRedis> {
  const redis = await startRedis({ dataDir: folder, ...(url === undefined ? {} : { url }) });
  started.push(redis);
  return redis;
}

/** Another process that starts a Redis on the folder. */
async function startInOwner(lingerMs = 0): Promise<{ owner: ChildProcess; url: string; pid: number }> {
  const fixture = new URL("./fixtures/owner.mjs", import.meta.url).pathname;
  const owner = spawn(process.execPath, [fixture, folder, String(lingerMs)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  owners.push(owner);
  for await (const line of createInterface({ input: owner.stdout })) return { owner, ...JSON.parse(line) };
  throw new Error("The owner ended without a line.");
}

test("the private Redis keeps what it is told, forgets nothing on its own and listens on loopback only", async () => {
  const { url } = await start();
  const answer = await send(
    url,
    ...["appendonly", "appendfsync", "maxmemory-policy", "save", "bind"].map((n) => `CONFIG GET ${n}`),
  );
  const values = answer.split("\r\n").filter((line) => line !== "" && !/^[*$+]/.test(line));
  expect(values).toEqual([
    "appendonly",
    "yes",
    "appendfsync",
    "everysec",
    "maxmemory-policy",
    "noeviction",
    "save",
    "bind",
    "127.0.0.1",
  ]);
  expect(new URL(url).port).not.toBe("6379");
});

test("a client without the password is refused, and the password is in no argument list", async () => {
  const { url, pid } = await start();
  const { port, password } = new URL(url);
  expect(password).toMatch(/^[0-9a-f]{48}$/);
  expect(await send(`redis://127.0.0.1:${port}`, "PING")).toContain("-NOAUTH");
  expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).not.toContain(password);
});

test("a Redis that is stopped leaves its data to the next one on the folder, at the same address when asked", async () => {
  const first = await start();
  await send(first.url, "SET colour green");
  await first.stop();
  await first.stop();
  expect(isAlive(first.pid)).toBe(false);
  const second = await start(first.url);
  expect(second.url).toBe(first.url);
  expect(await send(second.url, "GET colour")).toContain("green");
});

test("a Redis that is killed loses nothing that it said OK to", async () => {
  const first = await start();
  await send(first.url, "SET colour green");
  process.kill(first.pid, "SIGKILL");
  await first.exited;
  const second = await start(first.url);
  expect(await send(second.url, "GET colour")).toContain("green");
});

test("Redis stops, and its data is on disk, when the process that started it is killed with -9", async () => {
  const { owner, url, pid } = await startInOwner();
  await send(url, "SET colour green");
  owner.kill("SIGKILL");
  await until(() => !isAlive(pid), 5_000);
  expect(readFileSync(join(folder, "redis.log"), "utf8")).toContain("Calling fsync() on the AOF file");
  const second = await start();
  expect(await send(second.url, "GET colour")).toContain("green");
});

test("a Redis that is to linger serves its other users a little longer than the process that started it", async () => {
  const { owner, url, pid } = await startInOwner(1_500);
  const dead = new Promise((resolve) => owner.on("exit", resolve));
  owner.kill("SIGKILL");
  await dead;
  const killedAt = performance.now();
  await send(url, "SET colour green");
  await until(() => !isAlive(pid), 10_000);
  expect(performance.now() - killedAt).toBeGreaterThan(1_000);
  expect(await send((await start()).url, "GET colour")).toContain("green");
});

test("a folder left by a killed process can be taken over at once, while its Redis is still stopping", async () => {
  const { owner, pid } = await startInOwner();
  const dead = new Promise((resolve) => owner.on("exit", resolve));
  owner.kill("SIGKILL");
  await dead;
  const { url } = await start();
  expect(isAlive(pid)).toBe(false);
  expect(await send(url, "PING")).toContain("+PONG");
});

test("a second Redis on a folder in use is refused, naming the process that has it", async () => {
  const { owner } = await startInOwner();
  const refusal = await start().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(FolderInUseError);
  expect(String(refusal)).toContain(`in use by process ${owner.pid}`);
});

test("of ten starts at once on a folder with a stale lock exactly one gets it", async () => {
  writeFileSync(join(folder, "redis.lock"), '{"owner":{"pid":999999999,"started":"0"},"redis":null}');
  const answers = await Promise.allSettled(Array.from({ length: 10 }, () => start()));
  expect(answers.filter((answer) => answer.status === "fulfilled")).toHaveLength(1);
  await started.at(0)?.stop();
  expect(readdirSync(folder).filter((name) => name.startsWith("redis.lock"))).toEqual([]);
});

test("a lock file that is no JSON is replaced", async () => {
  writeFileSync(join(folder, "redis.lock"), "{");
  const { url } = await start();
  expect(await send(url, "PING")).toContain("+PONG");
});

test("a Redis that cannot start says why with the end of its log, and frees the folder", async () => {
  const occupied = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await new Promise((resolve) => occupied.once("listening", resolve));
  const address = occupied.address();
  const port = typeof address === "object" ? address?.port : 0;
  await expect(start(`redis://:secret@127.0.0.1:${port}`)).rejects.toThrow(/did not start.*in use/s);
  occupied.close();
  const { url } = await start();
  expect(await send(url, "PING")).toContain("+PONG");
});
