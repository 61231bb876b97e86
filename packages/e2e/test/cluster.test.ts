import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ONLY_IN_FULL, System, sized } from "../src/system.js";

const JOBS = sized(40, 300);

describe("two apis and three workers on one Redis", () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start({ apis: 2, workers: 3, hasRealLease: true });
  });
  afterAll(() => system.stop());

  it("a job is known on every api at once, and every worker takes some", async () => {
    const ids = await submitAll(system, JOBS, async (id) => {
      expect((await system.client(1).get(id)).job_id).toBe(id); // a 404 would throw
    });
    for (const [id, content] of ids) {
      const job = await system.client(1).wait(id);
      expect(job.status).toBe("completed");
      expect(job.result).toMatchObject({ sha256: createHash("sha256").update(content).digest("hex") });
    }
    for (const worker of system.workers) expect(worker.log).toContain('"outcome":"completed"');
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `F2: a rolling restart of two apis and three workers under load fails no request, stalls no job and runs none twice${ONLY_IN_FULL}`,
    async () => {
      const traces = join(system.folder, "trace-");
      const load = new AbortController();
      const jobs = new Map<string, string>();
      const failures: unknown[] = [];
      const submit = async (name: string) => {
        for (let n = 0; !load.signal.aborted; n++) {
          const trace = `${traces}${name}-${n}`;
          try {
            const job = await balanced(system, (url) => post(url, `roll ${name} ${n}`, { ms: 300, trace }));
            jobs.set(job, trace);
          } catch (error) {
            failures.push(error);
          }
          await sleep(250);
        }
      };
      const clients = ["a", "b", "c"].map(submit);
      for (const worker of [...system.workers]) {
        await system.startWorker();
        expect(await worker.stop()).toBe(0);
      }
      for (const api of [...system.apis]) {
        await system.startApi();
        expect(await api.stop()).toBe(0);
      }
      load.abort();
      await Promise.all(clients);
      expect(failures).toEqual([]);
      expect(jobs.size).toBeGreaterThan(10);
      const client = system.client(system.apis.length - 1);
      for (const [id, trace] of jobs) {
        expect(await client.wait(id)).toMatchObject({ status: "completed", attempt: 1 });
        expect(await readFile(trace, "utf8")).toBe("1\n");
      }
    },
  );
});

/** Submits files of distinct content to the first api, ten at a time; answers the content by job id. */
async function submitAll(
  system: System,
  count: number,
  afterEach: (id: string) => Promise<void>,
): Promise<ReadonlyMap<string, string>> {
  const jobs = new Map<string, string>();
  let next = 0;
  const submitter = async () => {
    while (next < count) {
      const content = `file ${next++} of ${count}`;
      const job = await system.client(0).submit("digest", new Blob([content]), { filename: "file.txt" });
      jobs.set(job.job_id, content);
      await afterEach(job.job_id);
    }
  };
  await Promise.all(Array.from({ length: 10 }, submitter));
  return jobs;
}

/** As a load balancer does: a server that refuses the connection is passed over, an answer is an answer. */
async function balanced(system: System, request: (url: string) => Promise<string>): Promise<string> {
  let refusal: unknown;
  for (const api of system.apis.filter((candidate) => candidate.isRunning).reverse()) {
    try {
      return await request(api.url);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // fetch's word for "no connection"
      refusal = error;
    }
  }
  throw refusal;
}

async function post(url: string, content: string, params: Record<string, unknown>): Promise<string> {
  const form = new FormData();
  form.append("params", JSON.stringify(params));
  form.append("file", new Blob([content]), "roll.txt");
  const response = await fetch(new URL("/api/processors/digest/jobs", url), { method: "POST", body: form });
  const body = (await response.json()) as { job_id: string };
  if (response.status !== 202) throw new Error(`${response.status} ${JSON.stringify(body)}`);
  return body.job_id;
}
