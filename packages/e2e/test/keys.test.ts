import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@drover/client";
import { waitFor } from "@drover/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { DroverProcess } from "../src/drover-process.js";
import { ONLY_IN_FULL, System } from "../src/system.js";
import { CliProcess } from "./cli-process.js";

const SECRET = "0123456789abcdef0123456789abcdef";

let system: System;
let folder: string;
const extra: DroverProcess[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drover-keys-"));
  // Redis' users may use the keys of one prefix alone, and these tests use several.
  system = await System.start({ apis: 2, workers: 1, hasRedisUsers: false });
});
afterEach(() => Promise.all(extra.splice(0).map((api) => api.kill())));
afterAll(async () => {
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs the command line against the first api; answers its exit code and what it printed. */
async function drover(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const command = new CliProcess(args, { cwd: folder, env: { DROVER_URL: system.url(0), ...env } });
  const code = await command.exitCode();
  return { code, output: command.output };
}

const poll = async (api: number, key?: string): Promise<number> =>
  (
    await fetch(`${system.url(api)}/api/jobs`, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    })
  ).status;

describe("keys, from the first one to the last", { timeout: 180_000 }, () => {
  it("are made by command, work on every api, open a job by a token, and are refused within 5 s of their end", async () => {
    expect(await poll(0)).toBe(200);
    expect(system.apis[0]?.log).toContain("There are no API keys");
    const made = await drover(["keys", "create", "--tenant", "ops", "--scopes", "submit,read,admin"]);
    expect(made.code).toBe(0);
    const admin = /drv_[0-9a-f]{12}_[\w-]{43}/.exec(made.output)?.[0] ?? "";
    expect(await poll(1, admin)).toBe(200);
    await waitFor(async () => (await poll(1)) === 401, { deadlineMs: 5_000 });

    const withKey = { DROVER_API_KEY: admin };
    expect((await drover(["keys", "list"])).output).toContain("DROVER_API_KEY");
    const second = await drover(["keys", "create", "--tenant", "acme", "--json"], withKey);
    const { id, key } = JSON.parse(second.output.trim()) as { id: string; key: string };

    const client = createClient({ baseUrl: system.url(1), apiKey: key });
    const { job_id } = await client.wait((await client.submit("digest", new Blob(["a"]))).job_id);
    const { token } = await client.jobToken(job_id);
    const byToken = (path: string) => fetch(`${system.url(0)}/api/jobs/${job_id}${path}?token=${token}`);
    expect((await byToken("")).status).toBe(200);
    expect((await byToken("/download")).status).toBe(200);
    expect(await (await byToken("/events")).text()).toContain("event: status");
    expect((await fetch(`${system.url(0)}/api/jobs?token=${token}`)).status).toBe(403);

    expect(await poll(1, key)).toBe(200);
    expect((await drover(["--api-key", admin, "keys", "revoke", id])).code).toBe(0);
    const revokedAt = performance.now();
    await waitFor(async () => (await poll(1, key)) === 401 && (await poll(0, key)) === 401, {
      deadlineMs: 5_000,
    });
    expect(performance.now() - revokedAt).toBeLessThan(5_000);
    expect((await byToken("")).status).toBe(401);

    for (const name of ["api_key", "token"]) await fetch(`${system.url(0)}/api/jobs?${name}=${admin}`);
    await fetch(`${system.url(0)}/${admin}`, { headers: { "x-request-id": admin } });
    await waitFor(() => system.apis[0]?.log.includes("/drv_"));
    for (const { log } of [...system.apis, ...system.workers]) {
      for (const secret of [admin, key, token]) expect(log).not.toContain(secret.slice(20));
    }
  });
});

describe("an api that others reach", { timeout: 120_000 }, () => {
  const start = async (env: Readonly<Record<string, string>>) => {
    const api = await DroverProcess.start({
      kind: "api",
      env: { ...system.env, DROVER_QUEUE_PREFIX: "drover-keyless", HOST: "0.0.0.0", ...env },
    });
    extra.push(api);
    return api;
  };

  it("does not start without a key, and says what to set", async () => {
    await expect(start({})).rejects.toThrow(
      /HOST: 0\.0\.0\.0 is reached from other machines.+DROVER_API_KEYS=/s,
    );
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `starts with a key of the environment, which a mistake does not print, or when it is told to${ONLY_IN_FULL}`,
    async () => {
      const DROVER_API_KEYS = `acme:read:${SECRET}`;
      const keyed = await start({ DROVER_API_KEYS });
      const ask = (headers: Record<string, string>) => fetch(`${keyed.url}/api/jobs`, { headers });
      expect([(await ask({})).status, (await ask({ "x-api-key": SECRET })).status]).toEqual([401, 200]);
      await expect(start({ DROVER_API_KEYS: `${DROVER_API_KEYS}:x` })).rejects.toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(SECRET) }),
      );
      const open = await start({ DROVER_INSECURE: "1" });
      const through = { "x-forwarded-for": "10.0.0.5" };
      expect((await fetch(`${open.url}/api/jobs`, { headers: through })).status).toBe(200);
      expect((await fetch(`${open.url}/api/keys`, { headers: through })).status).toBe(403);
      expect(open.log).toContain("DROVER_INSECURE=1");
    },
  );

  it.skipIf(ONLY_IN_FULL !== "")(
    `starts while Redis is away, and serves nobody that it cannot tell${ONLY_IN_FULL}`,
    async () => {
      const api = await start({ REDIS_URL: "redis://127.0.0.1:1" });
      const ask = (headers: Record<string, string>) => fetch(`${api.url}/api/jobs`, { headers });
      expect((await ask({ "x-forwarded-for": "10.0.0.5" })).status).toBe(401);
      expect((await ask({ "x-api-key": `drv_${"0".repeat(12)}_${"A".repeat(43)}` })).status).toBe(503);
    },
  );
});
