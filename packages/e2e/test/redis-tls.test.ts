import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@drover/client";
import { waitFor } from "@drover/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { DroverProcess, type DroverProcessOptions } from "../src/drover-process.js";
import { aclFile } from "../src/redis-users.js";
import { fixtureModule } from "../src/system.js";

const PASSWORD = "of-the-test";
const missing = whatIsMissing();
const reason = missing === undefined ? "" : ` (skipped: ${missing})`;

/** Why there can be no Redis with TLS here. */
function whatIsMissing(): string | undefined {
  if (spawnSync("openssl", ["version"]).error !== undefined) return "there is no openssl";
  const trial = spawnSync("redis-server", ["--port", "0", "--tls-port", "1", "--tls-cert-file", "/none"]);
  if (trial.error !== undefined) return "there is no redis-server on PATH";
  return /Bad directive/.test(String(trial.stdout)) ? "redis-server has no TLS" : undefined;
}

describe.skipIf(missing !== undefined)(`a Redis with TLS and the users of deploy/redis${reason}`, () => {
  let folder = "";
  let port = 0;
  let redis: ChildProcess;
  const processes: DroverProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "drover-tls-"));
    makeCertificates(folder);
    await writeFile(join(folder, "users.acl"), aclFile(PASSWORD));
    port = await freePort();
    const files = Object.entries({
      "cert-file": "redis.crt",
      "key-file": "redis.key",
      "ca-cert-file": "ca.crt",
    });
    const options = [
      ...["--port", "0", "--bind", "127.0.0.1", "--tls-port", String(port), "--tls-auth-clients", "no"],
      ...files.flatMap(([option, name]) => [`--tls-${option}`, join(folder, name)]),
      ...["--aclfile", join(folder, "users.acl"), "--dir", folder, "--appendonly", "yes", "--save", ""],
    ];
    redis = spawn("redis-server", options, { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    redis.stdout?.on("data", (chunk) => {
      said += chunk;
    });
    await waitFor(() => said.includes("Ready to accept"), { what: "Redis" });
  });
  afterEach(() => Promise.all(processes.splice(0).map((each) => each.kill())));
  afterAll(async () => {
    redis.kill();
    await once(redis, "exit");
    await rm(folder, { recursive: true, force: true });
  });

  /** Starts a process with the settings; it ends with the test. */
  async function start(kind: "api" | "worker", settings: Readonly<Record<string, string>> = {}) {
    const env = {
      REDIS_URL: `rediss://drover-${kind}:${PASSWORD}@localhost:${port}`,
      NODE_EXTRA_CA_CERTS: join(folder, "ca.crt"),
      DROVER_DATA_DIR: join(folder, "data"),
      DROVER_PROCESSORS: fixtureModule("digest"),
      ...settings,
    };
    const options: DroverProcessOptions = { kind, env };
    const started = await DroverProcess.start(options);
    processes.push(started);
    return started;
  }

  it("runs a job where NODE_EXTRA_CA_CERTS names its authority", async () => {
    const [api] = await Promise.all([start("api"), start("worker")]);
    const client = createClient({ baseUrl: api.url });
    const { job_id } = await client.submit("digest", new Blob(["x"]));
    expect(await client.wait(job_id)).toMatchObject({ status: "completed", attempt: 1 });
    expect((await fetch(new URL("/readyz", api.url))).status).toBe(200);
  });

  const url = (host: string, password = PASSWORD) => `rediss://drover-api:${password}@${host}:${port}`;
  it.each([
    [
      "an authority that is not trusted",
      () => ({ NODE_EXTRA_CA_CERTS: "" }),
      /authority that is not trusted.*NODE_EXTRA_CA_CERTS/,
    ],
    ["another name", () => ({ REDIS_URL: url("127.0.0.1") }), /certificate of Redis is for another name/],
    [
      "a wrong password",
      () => ({ REDIS_URL: url("localhost", "wrong") }),
      /refuses the user or the password/,
    ],
  ])("says in /readyz and in the log what is wrong: %s", async (_, settings, sentence) => {
    const api = await start("api", settings());
    const ready = await waitFor(async () => {
      const response = await fetch(new URL("/readyz", api.url));
      const { detail } = (await response.json()) as { detail: string };
      return sentence.test(detail) ? { status: response.status, detail } : undefined;
    });
    expect(ready.status).toBe(503);
    expect(ready.detail).not.toContain(PASSWORD);
    expect(api.log).toMatch(sentence);
  });
});

/** An authority of the test's own, and a certificate of `localhost` by it. */
function makeCertificates(folder: string): void {
  const openssl = (...args: readonly string[]) =>
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=Test", "-days", "2");
  openssl(
    "req",
    ...key,
    "-keyout",
    "redis.key",
    "-out",
    "redis.csr",
    "-subj",
    "/CN=localhost",
    "-addext",
    "subjectAltName=DNS:localhost",
  );
  const sign = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-copy_extensions", "copy"];
  openssl("x509", "-req", "-in", "redis.csr", "-out", "redis.crt", "-days", "2", ...sign);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
