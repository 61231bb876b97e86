import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@drover/client";
import { waitFor } from "@drover/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DroverProcess } from "../src/drover-process.js";
import { END, exchange, FORM, joined, named, request } from "../src/hostile-exchange.js";
import { ONLY_IN_FULL, System } from "../src/system.js";
import { CliProcess } from "./cli-process.js";

/** A text that stands nowhere but where somebody carried it. */
const canary = (what: string) => `canary-${what}-7c1f9e04d2`;
const base64 = (text: string) => Buffer.from(text).toString("base64");
const webhookSecret = (what: string) => `whsec_${base64(canary(`webhook-secret-${what}`))}`;

const ADMIN = canary("admin-key");
const ACME = canary("key-of-the-environment");
const OF_JOB = webhookSecret("of-a-job");
const REGISTERED = webhookSecret("registered");
const ROTATED = webhookSecret("rotated");
/** What nobody asks for, and clients and proxies send all the same. */
const CARRIED = [
  `Cookie: session=${canary("cookie")}`,
  `Referer: http://localhost/?token=${canary("referer")}`,
  `Proxy-Authorization: Basic ${base64(canary("proxy"))}`,
];
/** A header with a key that is right, keys that are not, and two at a time. */
const KEYS = [
  [`Authorization: Bearer ${ADMIN}`],
  [`X-API-Key: ${ACME}`],
  [`Authorization: Bearer ${canary("bearer")}`],
  [`Authorization: Basic ${base64(`:${canary("basic")}`)}`],
  [`X-API-Key: ${ACME}`, `Authorization: Bearer ${ADMIN}`],
];
const NOBODY = `http://127.0.0.1:1/hook?token=${canary("query-of-a-receiver")}`;
const JOBS = "/api/processors/digest/jobs";

let system: System;
let folder: string;
/** Everything that was printed or answered, by where. What shows a secret this once is not asked for by `send`. */
const places: (readonly [place: string, text: string])[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drover-canaries-"));
  const env = {
    ...{ DROVER_ADMIN_KEY: ADMIN, DROVER_API_KEYS: `acme:submit+read:${ACME}` },
    ...{ DROVER_WORKER_PORT: "0", DROVER_WEBHOOK_HTTP: "allow", DROVER_WEBHOOK_ALLOW: "127.0.0.1" },
  };
  system = await System.start({ apis: 1, workers: 1, env });
});
afterAll(async () => {
  await system.stop();
  await rm(folder, { recursive: true, force: true });
});

const client = (apiKey: string): Client => createClient({ baseUrl: system.url(), apiKey });

/** Sends bytes, keeps what came, and answers its status. */
async function send(what: string, bytes: Uint8Array): Promise<number | undefined> {
  const [answer] = await exchange(system, bytes);
  places.push([`answer to ${what}`, `${answer?.head}${answer?.body}`]);
  return answer?.status;
}

/** Sends a request with each of the keys, right and wrong, and answers the statuses. */
async function sendAll(
  method: string,
  path: string,
  headers: readonly string[] = [],
  body?: string | Buffer,
) {
  const statuses: (number | undefined)[] = [];
  for (const keys of KEYS) {
    const sent = { headers: [...headers, ...CARRIED, ...keys], ...(body === undefined ? {} : { body }) };
    statuses.push(await send(`${method} ${path}`, request(method, path, sent)));
  }
  return statuses;
}

const withKey = (key: string, path: string) => request("GET", path, { headers: [`X-API-Key: ${key}`] });
const file = named('name="file"; filename="a.csv"', "a,b");
const told = (url: string, secret: string) => named('name="webhook"', JSON.stringify({ url, secret }));
const submit = (path: string, ...parts: Uint8Array[]) => sendAll("POST", path, [FORM], joined(...parts, END));
const register = (body: string) => sendAll("POST", "/api/webhooks", ["Content-Type: application/json"], body);

/** Every text below the folder, with its path. */
async function textsBelow(root: string): Promise<readonly (readonly [path: string, text: string])[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(paths.map(async (path) => [path, await readFile(path, "latin1")] as const));
}

/** Where one of the secrets stands. */
function found(secrets: readonly string[], texts: readonly (readonly [place: string, text: string])[]) {
  return texts.flatMap(([place, text]) =>
    secrets.filter((secret) => text.includes(secret)).map((secret) => `${place}: ${secret}`),
  );
}

/** Endpoints and deliveries show their owner the address that is called, with its query. */
const withoutReceivers = (text: string) => text.replaceAll(`"url":"${NOBODY}"`, "");

/** What a job's manifest holds on purpose. */
const withoutWebhook = (text: string) => text.replaceAll(OF_JOB, "").replaceAll(NOBODY, "");

/** Submits and registers, with what is taken and with what is refused. */
async function sendBodies(): Promise<void> {
  expect(await submit(JOBS, file)).toEqual([202, 202, 401, 401, 400]);
  expect(await submit(JOBS, file, told(NOBODY, OF_JOB))).toEqual([202, 202, 401, 401, 400]);
  await submit(`${JOBS}?token=${canary("query")}&api_key=${canary("query-key")}`, file);
  await submit(JOBS, file, told(`http://user:${canary("password-of-a-receiver")}@127.0.0.1:1/`, OF_JOB));
  await submit(JOBS, file, told(NOBODY, `whsec_${canary("no-base64")}`));
  await submit(JOBS, told(NOBODY, OF_JOB));
  await submit(`/api/upload?api_key=${canary("query-key")}`);
  await register(JSON.stringify({ url: NOBODY, secret: canary("no-secret") }));
  await register(`{"secret":"${canary("broken-json")}`);
}

/** Has a job of a made key done, a webhook of it told, and a token of it given out. */
async function workAs(acme: Client): Promise<{ readonly jobId: string; readonly token: string }> {
  const endpoint = await acme.webhooks.create({ url: NOBODY, secret: REGISTERED });
  expect(endpoint.secret).toBe(REGISTERED); // this once
  const { job_id: jobId } = await acme.submit("digest", new Blob(["a,b"]));
  expect((await acme.wait(jobId)).status).toBe("completed");
  await waitFor(async () => (await acme.webhooks.deliveries(jobId)).length > 0, { deadlineMs: 30_000 });
  await acme.webhooks.rotate(endpoint.id, { secret: ROTATED });
  return { jobId, token: (await acme.jobToken(jobId)).token };
}

/** Asks for what there is and is not, with secrets in headers, in addresses and in what is no HTTP. */
async function sendAddresses(key: string, jobId: string, token: string): Promise<void> {
  const ofJob = [`/api/jobs/${jobId}`, `/api/jobs/${jobId}/deliveries`, "/api/jobs", "/api/jobs/%zz"];
  const ofAdmins = ["/api/keys", "/metrics", "/admin/queues", "/admin/queues/api/queues"];
  const queries = [`token=${token}`, `token=${canary("query")}`, `api_key=${key}`, `key=${key}`];
  for (const path of [...ofJob, ...ofAdmins, "/api/webhooks", "/api/nothing", "/livez", "/docs"]) {
    await sendAll("GET", path);
    for (const query of queries) await sendAll("GET", `${path}?${query}`);
    await send(path, withKey(key, path));
  }
  await send("a token", request("GET", `/api/jobs/${jobId}?token=${token}`));
  await send("a token elsewhere", request("DELETE", `/api/jobs/${jobId}?token=${token}`));
  await send("a target", request("GET", `http://user:${canary("target")}@localhost/livez`));
  await send("a broken head", Buffer.from(`GET /?token=${token} HTTP/1.1\r\nX\0: ${ADMIN}\r\n\r\n`));
  const port = /"port":(\d+)/.exec(system.workers[0]?.log ?? "")?.[1];
  const metrics = await fetch(`http://127.0.0.1:${port}/metrics?api_key=${ADMIN}`, {
    headers: { authorization: `Bearer ${ADMIN}` },
  });
  expect(metrics.status).toBe(200);
  places.push(["metrics of the worker", await metrics.text()]);
}

/** Runs commands with keys that may, may not, are unknown, and are none. */
async function runCommands(key: string): Promise<void> {
  const DROVER_URL = system.url();
  expect(await command(["--api-key", ADMIN, "keys", "list"], { DROVER_URL })).toContain("acme");
  await command(["--api-key", key, "keys", "list"], { DROVER_URL });
  await command(["--api-key", canary("option"), "search"], { DROVER_URL });
  await command(["--api-key", `${canary("option")}\n…`, "search"], { DROVER_URL });
  await command(["search"], { DROVER_URL, DROVER_API_KEY: canary("variable") });
  await command(["search"], { DROVER_URL: `http://user:${canary("url")}@127.0.0.1:1` });
}

describe("secrets that clients and operators give", { timeout: 240_000 }, () => {
  it("are in no line of a log, no answer, no metric, no output of a command, and no file but the manifest of the job", async () => {
    await sendBodies();
    const admin = client(ADMIN);
    const made = await admin.keys.create({ tenant: "acme", scopes: ["submit", "read"] });
    const acme = client(made.key);
    const { jobId, token } = await workAs(acme);
    await sendAddresses(made.key, jobId, token);
    await runCommands(made.key);
    await acme.keys.list().catch((error: Error) => places.push(["error of the client", String(error.stack)]));
    await admin.keys.revoke(made.id);
    const isRefused = async () => (await send("a revoked key", withKey(made.key, "/api/jobs"))) === 401;
    await waitFor(isRefused, { deadlineMs: 10_000 });
    await system.apis[0]?.stop();
    await system.workers[0]?.stop();

    const { password } = new URL(system.redis.url);
    const ofKey = made.key.slice(-43);
    const secrets = [password, ofKey, token, OF_JOB, REGISTERED, ROTATED, "canary-"];
    const encoded = KEYS.flat()
      .concat(CARRIED)
      .flatMap((line) => / Basic (\S+)/.exec(line)?.[1] ?? []);
    const logs = [...system.apis, ...system.workers].map(({ kind, log }) => [`log of ${kind}`, log] as const);
    for (const [, log] of logs) expect(log).toContain(jobId);
    const answers = places.map(([place, text]) => [place, withoutReceivers(text)] as const);
    expect(found([...secrets, ...encoded], [...logs, ...answers])).toEqual([]);

    // A job's own webhook is in its manifest, by which it comes back when Redis has lost it. Closed to others.
    const files = await textsBelow(join(system.folder, "data"));
    const manifests = files.filter(([path]) => path.endsWith("/manifest.json"));
    expect(found([OF_JOB], manifests)).toHaveLength(2);
    const rest = files.map(
      ([path, text]) =>
        [path, manifests.some(([its]) => its === path) ? withoutWebhook(text) : text] as const,
    );
    expect(found([...secrets, ...encoded], rest)).toEqual([]);
    expect((await stat(system.blobs)).mode & 0o077).toBe(0);
    // What signs has to be kept: in Redis, whose files these are. Of a key there is a digest.
    const redis = await textsBelow(join(system.folder, "redis"));
    expect(found([OF_JOB, ROTATED], redis)).not.toEqual([]);
    expect(found([ofKey, token, ADMIN, ACME], redis)).toEqual([]);
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `are not in what a process says of a setting, a Redis or a storage that it cannot use${ONLY_IN_FULL}`,
    async () => {
      const wrongPassword = system.redis.url.replace(/:[^:@]+@/, `:${canary("redis")}@`);
      for (const kind of ["api", "worker"] as const) {
        const away = { ...system.env, REDIS_URL: `redis://user:${canary("redis")}@127.0.0.1:1/0` };
        const refused = { ...system.env, REDIS_URL: wrongPassword };
        for (const env of [away, refused]) {
          const started = await DroverProcess.start({ kind, env, isReadyAtOnce: true });
          await waitFor(() => /redis/i.test(started.log), { deadlineMs: 60_000 });
          await started.kill();
          expect(found(["canary-"], [[`log of ${kind}`, started.log]])).toEqual([]);
        }
      }
      for (const [name, value] of [
        ["DROVER_STORAGE", `s3://${canary("id")}:${canary("s3")}@bucket/?secret=${canary("s3-query")}`],
        ["DROVER_API_KEYS", `acme:read:${ACME}:x`],
        ["REDIS_URL", `http://:${canary("redis")}@localhost`],
      ] as const) {
        const wrong = DroverProcess.start({ kind: "api", env: { ...system.env, [name]: value } });
        const text = await wrong.catch(String);
        expect(text).toContain(name);
        expect(text).not.toContain("canary-");
      }
      const output = await command(["reconcile"], { REDIS_URL: wrongPassword });
      expect(output).toMatch(/redis/i);
      expect(output).not.toContain("canary-");
    },
  );
});

/** Runs the command line to its end, and keeps what it printed. */
async function command(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const run = new CliProcess(args, { cwd: folder, env });
  await run.exitCode();
  places.push([`output of ${args.at(-1)}`, run.output]);
  return run.output;
}
