import { spawn, spawnSync } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitFor } from "@drover/testkit";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { isAlive } from "../src/drover-process.js";
import { fixtureModule, ONLY_IN_FULL, System } from "../src/system.js";

const WORKER = fileURLToPath(new URL("../../../apps/worker/dist/main.js", import.meta.url));
/** Nobody's numbers: no line of passwd(5) has them. */
const USER = { uid: 64_001, gid: 64_001 };
const SETTING = "64001:64001";
/** One for each child process. */
const RANGE = "64001-64032:64001";

/** Why these tests cannot run here; "" when they can. */
function obstacle(): string {
  if (process.platform !== "linux") return "needs Linux";
  if (process.getuid?.() !== 0) return "needs root, to start processes of another user";
  const read = spawnSync(process.execPath, ["-e", "fs.accessSync(process.argv[1])", WORKER], USER);
  return read.status === 0 ? "" : "needs a checkout that other users can read";
}
const OBSTACLE = obstacle();
const titled = (title: string) => (OBSTACLE === "" ? title : `${title} (skipped: ${OBSTACLE})`);

/** Secrets in the environment of api and worker. */
const SECRETS = {
  DROVER_ADMIN_KEY: "canary-admin-key-7c1f9e04d2",
  DROVER_API_KEYS: "canary:read:canary-api-key-0b7d21f9c3",
  AWS_SECRET_ACCESS_KEY: "canary-s3-secret",
  WEBHOOK_SECRET: "canary-webhook-secret",
};

const STEAL = `#!/bin/sh
# What a program can get at: $1 is its output folder, $2 its input, the rest is looked at.
output=$1 input=$2
shift 2
{
  id
  env
  cat /proc/$PPID/environ /proc/self/environ
  for path; do find "$path" -type f -exec cat {} +; done
} > "$output/loot.txt" 2>&1
echo more >> "$input" || echo 'cannot write the input'
rm -f "$input" || echo 'cannot remove the input'
grep -c . "$input"
`;

describe.skipIf(OBSTACLE !== "")(titled("processors of another user"), () => {
  let system: System;
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), "drover-steal-"));
    await chmod(folder, 0o755);
    await writeFile(join(folder, "steal.sh"), STEAL);
    await chmod(join(folder, "steal.sh"), 0o755);
    const args = '["{output}", "{input}", "{params.environ}", "{params.data}"]';
    const params = "{ properties: { environ: { type: string }, data: { type: string } } }";
    await writeFile(
      join(folder, "steal.yaml"),
      `name: steal\nversion: 1.0.0\ndescription: Steals.\ncommand: ./steal.sh\nargs: ${args}\nparams: ${params}\n`,
    );
    const modules = [fixtureModule("snoop"), fixtureModule("digest"), join(folder, "steal.yaml")];
    system = await System.start({
      apis: 1,
      workers: 1,
      hasRealLease: true,
      env: { ...SECRETS, DROVER_PROCESSORS: modules.join(","), DROVER_CHILD_USER: RANGE },
    });
    return () => rm(folder, { recursive: true });
  });
  afterAll(() => system.stop());

  const secrets = () => [...Object.values(SECRETS), new URL(system.redis.url).password, "other job's file"];
  const snoop = (params: Record<string, unknown>, options = {}) =>
    system.client().submit("snoop", new Blob(["my file"]), { params, ...options });
  const lootOf = async (id: string) => new Response((await system.client().download(id)).body).text();
  const pidsOf = (id: string) =>
    waitFor(async () => (await system.client().get(id)).message?.split(" ").map(Number), {
      deadlineMs: 10_000,
    });
  const areGone = async (pids: readonly number[]) => !(await Promise.all(pids.map(isAlive))).includes(true);

  /** A job that runs meanwhile. */
  const otherJob = async () => {
    const params = { ms: 60_000 };
    const { job_id } = await system.client().submit("digest", new Blob(["other job's file"]), { params });
    await waitFor(async () => (await system.client().get(job_id)).progress > 0);
    onTestFinished(async () => void (await system.client().cancel(job_id)));
  };

  it("read their input, leave artifacts, and get none of the secrets and files of others", async () => {
    await otherJob();
    const pids = [system.workers[0]?.pid, system.apis[0]?.pid, system.redis.pid];
    const { job_id } = await snoop({ pids, paths: [system.folder] });
    const job = await system.client().wait(job_id);
    expect(job).toMatchObject({ status: "completed", result: { gid: USER.gid, groups: "" } });
    expect(job.result).toMatchObject({ signals: pids.map(() => "EPERM") });
    expect(job.result).toMatchObject({
      capabilities: ["0000000000000000", "0000000000000000"],
      noNewPrivileges: hasSetpriv ? "1" : "0",
      environment: ["PATH", "HOME", "DROVER_CHILD", "TMPDIR"],
      home: "/",
      parent: ["EACCES", expect.stringContaining("node"), "EACCES", "EACCES"],
      signal: "EPERM",
      input: "my file",
      writeInput: "EACCES",
      removeInput: "EACCES",
      beside: "EACCES",
      siblings: "EACCES",
      attemptMode: "700",
    });
    const { descriptors } = job.result as { descriptors: string[] };
    for (const each of descriptors) expect(each).toMatch(/^(\/dev\/null|socket:|pipe:|anon_inode:|ENOENT$)/);
    const loot = await lootOf(job_id);
    expect(loot).toContain("EACCES");
    for (const secret of secrets()) expect(loot).not.toContain(secret);
  });

  it("are not the user of attempts at the same time, and reach nothing of theirs", async () => {
    const { job_id: other } = await snoop({ daemonFile: true });
    onTestFinished(async () => void (await system.client().cancel(other)));
    const [pid = 0] = (await pidsOf(other)) ?? [];
    const { job_id } = await snoop({ pids: [pid] });
    const { result } = await system.client().wait(job_id);
    const { uid, ...reached } = result as { uid: number };
    expect(uid).toBeGreaterThanOrEqual(64_001);
    expect(uid).toBeLessThanOrEqual(64_032);
    expect((await stat(`/proc/${pid}`)).uid).not.toBe(uid);
    expect(reached).toMatchObject({ signals: ["EPERM"], environs: ["EACCES"] });
  });

  it("cannot do more as a program that a YAML file names", async () => {
    await otherJob();
    const params = { environ: `/proc/${system.workers[0]?.pid}/environ`, data: system.folder };
    const { job_id } = await system.client().submit("steal", new Blob(["my file\n"]), { params });
    expect(await system.client().wait(job_id)).toMatchObject({ status: "completed" });
    const loot = await lootOf(job_id);
    expect(loot).toMatch(new RegExp(`^uid=640\\d\\d gid=${USER.gid} groups=${USER.gid}$`, "m"));
    expect(loot).toContain("Permission denied");
    for (const secret of secrets()) expect(loot).not.toContain(secret);
    const { logs } = await system.client().logs(job_id);
    const said = logs.map(({ message }) => message);
    expect(said).toEqual(expect.arrayContaining(["cannot write the input", "cannot remove the input", "1"]));
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `without that user, get what the worker's user can read: these tests see a leak where there is one${ONLY_IN_FULL}`,
    async () => {
      const own = await System.start({ apis: 1, workers: 1, processors: ["snoop"], env: SECRETS });
      onTestFinished(() => own.stop());
      const pids = own.workers.map(({ pid }) => pid);
      const { job_id } = await own.client().submit("snoop", new Blob(["my file"]), { params: { pids } });
      await own.client().wait(job_id);
      const loot = await new Response((await own.client().download(job_id)).body).text();
      expect(loot).toContain(SECRETS.DROVER_ADMIN_KEY);
      expect(own.workers[0]?.log).toContain("DROVER_CHILD_USER");
    },
  );

  it("F26: leave links, pipes and closed folders behind, which go with their attempt", async () => {
    const { job_id } = await snoop({ leaves: true });
    expect(await system.client().wait(job_id)).toMatchObject({ status: "completed" });
    const [worker = ""] = await readdir(join(system.folder, "data", "attempts"));
    const left = () => readdir(join(system.folder, "data", "attempts", worker));
    await waitFor(async () => (await left()).sort().join() === "owner.json,processes");
  });

  it.each(["cancel", "timeout"])("F10: are ended with the daemons that they started by a %s", async (how) => {
    const { job_id } = await snoop({ daemonFile: true }, how === "timeout" ? { timeout_ms: 3_000 } : {});
    const pids = await pidsOf(job_id);
    expect(await areGone(pids)).toBe(false);
    if (how === "cancel") await system.client().cancel(job_id);
    const { status } = await system.client().wait(job_id);
    expect(status).toBe(how === "cancel" ? "cancelled" : "failed");
    await waitFor(() => areGone(pids), { deadlineMs: 1_000 });
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `F1: are gone within 1 s of a kill -9 of their worker, with the daemons that they started${ONLY_IN_FULL}`,
    async () => {
      const second = await system.startWorker();
      await system.workers[0]?.stop();
      const { job_id } = await snoop({ daemonFile: true });
      const pids = await pidsOf(job_id);
      await second.kill();
      await waitFor(() => areGone(pids), { deadlineMs: 1_000 });
    },
  );
});

const hasSetpriv = spawnSync("setpriv", ["--no-new-privs", "true"]).status === 0;

describe.skipIf(OBSTACLE !== "")(titled("a worker whose children cannot be another user"), () => {
  const start = async (env: Record<string, string>, prefix: readonly string[] = [], options = {}) => {
    const data = await mkdtemp(join(tmpdir(), "drover-refused-"));
    onTestFinished(() => rm(data, { recursive: true, force: true }));
    await chmod(data, 0o711);
    const [program = "", ...args] = [...prefix, process.execPath, WORKER];
    const { PATH } = process.env;
    const worker = spawn(program, args, {
      env: {
        PATH,
        DROVER_DATA_DIR: data,
        DROVER_CHILD_USER: SETTING,
        REDIS_URL: "redis://127.0.0.1:1",
        ...env,
      },
      cwd: data,
      stdio: ["ignore", "ignore", "pipe"],
      ...options,
    });
    let complaint = "";
    worker.stderr.on("data", (text) => {
      complaint += text;
    });
    const code = await new Promise((resolve) => worker.once("close", resolve));
    return { code, complaint };
  };

  it("is refused when it is not root itself", async () => {
    const { code, complaint } = await start({}, [], USER);
    expect(complaint).toMatch(/^DROVER_CHILD_USER: only a worker that runs as root/);
    expect(code).toBe(2);
  });

  it.each([
    ["no-such-user", "this machine has no user no-such-user"],
    ["root", "root is root"],
    ["0:64001", "is root"],
    ["64001:0", "of root's group"],
    ["64032-64001:64001", "the lowest number first"],
  ])("is refused for %s", async (setting, words) => {
    const { code, complaint } = await start({ DROVER_CHILD_USER: setting });
    expect(complaint).toContain(words);
    expect(code).toBe(2);
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `is refused when that user owns the store, or cannot reach its attempts${ONLY_IN_FULL}`,
    async () => {
      const root = await mkdtemp(join(tmpdir(), "drover-places-"));
      onTestFinished(() => rm(root, { recursive: true, force: true }));
      const store = join(root, "store");
      await mkdir(store);
      await chown(store, USER.uid, USER.gid);
      await chmod(root, 0o711);
      const owned = await start({ DROVER_STORAGE: `file:${store}` });
      expect(owned.complaint).toContain(`It can enter ${store}`);
      await chmod(root, 0o700);
      const closed = await start({ DROVER_DATA_DIR: join(root, "data") });
      expect(closed.complaint).toContain(`It cannot enter ${join(root, "data")}`);
      expect([owned.code, closed.code]).toEqual([2, 2]);
    },
  );

  // Any of the three lets root read the environment of another user's process; a container has none by default.
  it.skipIf(!hasSetpriv)("is refused without the capability to find what its children leave", async () => {
    const { code, complaint } = await start({}, [
      "setpriv",
      "--bounding-set",
      "-sys_ptrace,-sys_admin,-perfmon",
    ]);
    expect(complaint).toContain("SYS_PTRACE");
    expect(code).toBe(2);
  });
});
