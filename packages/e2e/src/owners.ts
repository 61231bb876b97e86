import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { System } from "./system.js";

/**
 * How long the sweeper may take to come by, in ms: a walk over the files of some thousand jobs, half a minute
 * on a machine this busy, its rest of at most the grace, and a second walk.
 */
const SWEEP_MS = 120_000;

/** Each look reads all files and jobs: looks without a pause would slow the very sweep that they wait for. */
const LOOK_PAUSE_MS = 2_000;

/**
 * Files that belong to no job, one complaint each, once the sweeper has had its time. A completed job owns
 * one attempt's artifacts, every other one its input. The manifests stay for as long as their jobs.
 */
export async function filesWithoutOwner(system: System): Promise<readonly string[]> {
  const end = performance.now() + SWEEP_MS;
  for (;;) {
    const found = await look(system);
    if (found.length === 0 || performance.now() > end) return found.map((what) => `without owner: ${what}`);
    await sleep(LOOK_PAUSE_MS);
  }
}

async function look(system: System): Promise<readonly string[]> {
  const statuses = await statusById(system);
  const complaints: string[] = [];
  for (const id of await folders(join(system.blobs, "jobs"))) {
    const attempts = await folders(join(system.blobs, "jobs", id));
    const allowed = statuses.get(id) === "completed" ? 1 : 0;
    if (attempts.length > allowed)
      complaints.push(
        `${attempts.length} attempts' files of ${id}, which is ${statuses.get(id) ?? "unknown"}`,
      );
  }
  for (const upload of await uploads(join(system.blobs, "inputs"))) {
    const folder = join(system.blobs, "inputs", upload);
    const status = statuses.get(await jobOf(folder));
    const hasFile = (await readdir(folder).catch((): string[] => [])).includes("file");
    if (status === undefined || (status === "completed" && hasFile))
      complaints.push(`input ${upload}, whose job is ${status ?? "unknown"}`);
  }
  return complaints;
}

async function statusById(system: System): Promise<ReadonlyMap<string, string>> {
  const client = system.client(system.apis.findIndex((api) => api.isRunning));
  const statuses = new Map<string, string>();
  let cursor: string | undefined;
  do {
    const page = await client.list({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    for (const job of page.jobs) statuses.set(job.job_id, job.status);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return statuses;
}

async function folders(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []); // made with the first file
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** Those of a job with a key lie in a folder of the job. */
async function uploads(path: string): Promise<readonly string[]> {
  const found = await Promise.all(
    (await folders(path)).map(async (name) => {
      const below = await folders(join(path, name));
      return below.length === 0 ? [name] : below.map((upload) => join(name, upload));
    }),
  );
  return found.flat();
}

async function jobOf(folder: string): Promise<string> {
  const manifest = await readFile(join(folder, "manifest.json"), "utf8").catch(() => "{}");
  return (JSON.parse(manifest) as { request?: { id?: string } }).request?.id ?? "";
}
