import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findRedisServer, RedisNotFoundError, startRedis } from "../src/index.js";
import { isAlive, send, until } from "./redis-client.js";

let folder: string;
let bin: string;
const lines: string[] = [];
const log = (line: string): void => void lines.push(line);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drover-find-"));
  bin = mkdtempSync(join(tmpdir(), "drover-bin-"));
  lines.length = 0;
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(bin, { recursive: true, force: true });
});

function program(name: string, script: string): void {
  const path = join(bin, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

async function realRedis(): Promise<string> {
  const found = await findRedisServer({ mayInstall: false });
  if (found.kind !== "binary") throw new Error("These tests need a redis-server or valkey-server on PATH.");
  return found.path;
}

test("valkey-server comes before redis-server", async () => {
  program("valkey-server", 'echo "Valkey server v=8.1.1 sha=0:0 bits=64"');
  program("redis-server", 'echo "Redis server v=7.0.15 sha=0:0 bits=64"');
  const found = await findRedisServer({ log, env: { PATH: bin } });
  expect(found).toEqual({ kind: "binary", path: join(bin, "valkey-server"), version: "8.1.1" });
  expect(lines).toEqual([`Redis: ${join(bin, "valkey-server")}, version 8.1.1.`]);
});

test.each(["5.0.14", "6.0.16", "6.1.240"])(
  "a redis-server of version %s is passed over, and said so",
  async (version) => {
    program("redis-server", `echo "Redis server v=${version} sha=0:0"`);
    await expect(findRedisServer({ log, env: { PATH: bin }, mayInstall: false })).rejects.toThrow(
      RedisNotFoundError,
    );
    expect(lines[0]).toContain(`version ${version}, older than 6.2`);
  },
);

test("where nothing is found the error has the commands for apt, brew and docker", async () => {
  const search = findRedisServer({ env: { PATH: bin }, mayInstall: false });
  await expect(search).rejects.toThrow(/apt-get install redis-server.*brew install redis.*docker run/s);
});

test("Docker is used only when its engine answers", async () => {
  program("docker", "exit 1");
  await expect(findRedisServer({ env: { PATH: bin }, mayInstall: false })).rejects.toThrow(
    RedisNotFoundError,
  );
  program("docker", "echo 27.0.1");
  expect(await findRedisServer({ env: { PATH: bin } })).toEqual({
    kind: "docker",
    path: join(bin, "docker"),
  });
});

test("with Docker, Redis runs in a container whose data is the folder and whose port is on loopback only", async () => {
  const redis = await realRedis();
  // Stands in for the engine: what `docker run` would map, it rewrites in the configuration, and runs the
  // real Redis.
  program(
    "docker",
    `echo "$@" > ${folder}/args
port=$(echo "$*" | sed 's/.*127.0.0.1:\\([0-9]*\\):6379.*/\\1/')
sed -e "s/^port .*/port $port/" -e 's|"/data"|"${folder}"|' | (exec ${redis} -)`,
  );
  const running = await startRedis({
    dataDir: folder,
    program: { kind: "docker", path: join(bin, "docker") },
  });
  expect(await send(running.url, "PING")).toContain("+PONG");
  const server = Number(/process_id:(\d+)/.exec(await send(running.url, "INFO server"))?.[1]);
  process.kill(server, "SIGTERM"); // the engine passes the signal on; its stand-in does not
  await running.stop();
  await until(() => !isAlive(server), 5_000);
});

test.skipIf(process.getuid?.() !== 0 || !existsSync("/etc/debian_version"))(
  "on Debian as root a missing Redis is installed without its service, and then found",
  async () => {
    program(
      "apt-get",
      `echo "$RUNLEVEL $@" >> ${folder}/calls
[ "$1" = install ] || exit 0
/usr/sbin/policy-rc.d redis-server start; echo "policy $?" >> ${folder}/calls
/bin/ln -s ${await realRedis()} ${bin}/redis-server`,
    );
    const found = await findRedisServer({ log, env: { PATH: bin } });
    expect(found).toMatchObject({ kind: "binary", path: join(bin, "redis-server") });
    expect(readFileSync(join(folder, "calls"), "utf8").trim().split("\n")).toEqual([
      "1 update",
      "1 install -y --no-install-recommends redis-server",
      "policy 101",
    ]);
    expect(lines[0]).toContain("installing redis-server with apt-get");
  },
);

test.skipIf(process.getuid?.() !== 0 || !existsSync("/etc/debian_version"))(
  "an installation that fails says so with the end of what apt-get printed",
  async () => {
    program("apt-get", 'echo "E: Unable to locate package redis-server" >&2; exit 100');
    await expect(findRedisServer({ env: { PATH: bin } })).rejects.toThrow(
      /could not install.*Unable to locate/s,
    );
  },
);
