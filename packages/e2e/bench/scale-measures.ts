import { readdir } from "node:fs/promises";
import { waitFor } from "@drover/testkit";
import { Redis } from "ioredis";
import { System } from "../src/index.js";
import { type Asked, LatencyProbe, probeInTurn, type Times } from "./latency-probe.js";
import type { Figure } from "./print.js";
import { redisUse } from "./redis-figures.js";
import { differences, fill, type Template } from "./scale-fill.js";
import { memoryOf } from "./scale-memory.js";
import { measureQueued } from "./scale-queued.js";
import { measureIdle, measureSweep } from "./scale-upkeep.js";

/** How much is kept, queued and asked. */
export interface Scale {
  readonly kept: number;
  readonly queued: number;
  readonly rounds: number;
  /** Status requests of one contender in one round. */
  readonly requests: number;
  /** Requests for each kind of page. */
  readonly pages: number;
  readonly idleSeconds: number;
}

/** Every process as in production, and a processor with a small result and one artifact. */
const OPTIONS = { apis: 1, processors: ["digest"], env: { LOG_LEVEL: "warn" }, hasRealLease: true } as const;

/** What many kept jobs, many queued jobs and idle workers cost, each beside a system that has none. */
export async function* measureScale(scale: Scale): AsyncGenerator<Figure> {
  const [empty, full] = await Promise.all([startWithJobs(), startWithJobs()]);
  const client = new Redis(full.system.redis.url);
  const emptyClient = new Redis(empty.system.redis.url);
  const probe = await LatencyProbe.start();
  try {
    const ids = [];
    const [, other = ""] = full.ids;
    const from = await templateOf(full);
    const [first = ""] = await fill(full.system, client, from, 1);
    const found = await differences(client, first, other);
    if (found.length > 0) throw new Error(`A copy is not as a job that was run:\n${found.join("\n")}`);
    const before = await redisUse(client);
    ids.push(...(await fill(full.system, client, from, scale.kept)));
    const after = await redisUse(client);
    yield* await memoryOf(client, ids, after.memoryBytes - before.memoryBytes);
    yield* measureStatus(probe, scale, "one job again and again", [
      { system: empty.system, ids: empty.ids.slice(0, 1) },
      { system: full.system, ids: [other] },
    ]);
    const few = await fill(empty.system, emptyClient, await templateOf(empty), scale.requests);
    yield* measureStatus(probe, scale, `${scale.requests.toLocaleString("en")} jobs in turn`, [
      { system: empty.system, ids: few },
      { system: full.system, ids },
    ]);
    yield* measureLists(probe, full.system, scale);
    yield* measureSweep(full.system, client, scale);
    yield* measureQueued(probe, { short: full.system, long: empty.system }, scale);
  } finally {
    client.disconnect();
    emptyClient.disconnect();
    await probe.stop();
    await Promise.all([empty.system.stop(), full.system.stop()]);
  }
  yield* measureIdle(scale.idleSeconds);
}

/** A system with two jobs that were really run, and no worker any more. */
async function startWithJobs(): Promise<Kept> {
  const system = await System.start({ ...OPTIONS, workers: 1 });
  const ids: string[] = [];
  for (let i = 0; i < 2; i++) {
    const file = new File([`line ${i}\n`.repeat(100)], "Log of course CS101, autumn.csv");
    const job = await system.client().submit("digest", file, {
      params: { ms: 1, padBytes: 64 },
      tags: { course: "CS101", term: "2026-autumn" },
    });
    const { status } = await system.client().wait(job.job_id);
    if (status !== "completed") throw new Error(`The job to copy ended ${status}.`);
    ids.push(job.job_id);
  }
  // Its last traces: the inputs go when the ends have surely outlived a crash of Redis.
  const inputs = async () =>
    (await readdir(system.blobs, { recursive: true })).filter((path) => /\/file$/.test(path));
  await waitFor(async () => (await inputs()).length === 0, {
    deadlineMs: 30_000,
    what: "the inputs to be removed",
  });
  await Promise.all(system.workers.splice(0).map((worker) => worker.stop()));
  return { system, ids };
}

interface Kept {
  readonly system: System;
  readonly ids: readonly string[];
}

async function templateOf({ system, ids: [id = ""] }: Kept): Promise<Template> {
  const { created_at } = await system.client().get(id);
  return { id, createdAt: Date.parse(created_at) };
}

/** The same requests to a system with few jobs and to the one with many. */
async function* measureStatus(
  probe: LatencyProbe,
  { kept, rounds, requests }: Scale,
  what: string,
  systems: readonly [few: Kept, many: Kept],
): AsyncGenerator<Figure> {
  for (const connections of [1, 16]) {
    const asked = systems.map(({ system, ids }): Asked => {
      const step = Math.max(1, Math.floor(ids.length / requests)); // all over the list
      const paths = ids.filter((_, i) => i % step === 0).map((id) => `/api/jobs/${id}`);
      return { base: system.url(), paths, connections, requests };
    });
    const [few, many] = await probeInTurn(probe, rounds, asked);
    if (few === undefined || many === undefined) return;
    const times = ({ p50, p99 }: Times) => `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
    yield {
      name: `status of ${what}, ${connections} in flight`,
      value:
        `${times(few)}; of ${kept.toLocaleString("en")} kept ${times(many)}; p99 × ${many.ratio.toFixed(2)} ` +
        `(${many.least.toFixed(2)}–${many.most.toFixed(2)})`,
      data: { fewP50: few.p50, fewP99: few.p99, ...many },
    };
  }
}

const PAGE = 50;

/** Pages of the list, at its start and in its middle. */
async function* measureLists(
  probe: LatencyProbe,
  system: System,
  { kept, pages }: Scale,
): AsyncGenerator<Figure> {
  const middle = await cursorAt(system, kept / 2);
  const { jobs } = await system.client().list({ limit: 1, cursor: middle });
  const time = jobs[0]?.created_at ?? "";
  const filters = {
    none: "",
    "status=completed": "&status=completed",
    "status=failed, none": "&status=failed",
    "processor=digest": "&processor=digest",
    "processor of no job": "&processor=no-such",
    "tag of all": "&tag.course=CS101",
    "tag of 1 in 1,000": "&tag.course=CS202",
    "created_after the middle": `&created_after=${time}`,
    "q, in all": "&q=autumn",
    "q, in 1 in 1,000": "&q=cs202",
  };
  for (const [name, query] of Object.entries(filters)) {
    for (const [place, from] of [
      ["first", ""],
      ["middle", `&cursor=${middle}`],
    ]) {
      if (place === "middle" && name.startsWith("created_after")) continue; // it ends there
      const path = `/api/jobs?limit=${PAGE}${query}${from}`;
      const { p50, p99 } = await probe.run({
        base: system.url(),
        paths: [path],
        connections: 1,
        requests: pages,
      });
      const { jobs: found, next_cursor } = (await (await fetch(system.url() + path)).json()) as {
        readonly jobs: readonly unknown[];
        readonly next_cursor: string | null;
      };
      yield {
        name: `list of ${PAGE}, ${place} page, filter: ${name}`,
        value:
          `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms; ` +
          `${found.length} jobs${next_cursor === null ? ", the end" : " and a cursor"}`,
        data: { p50, p99, jobs: found.length },
      };
    }
  }
}

async function cursorAt(system: System, place: number): Promise<string> {
  let cursor = "";
  for (let seen = 0; seen < place; seen += 200) {
    const page = await system.client().list({ limit: 200, ...(cursor === "" ? {} : { cursor }) });
    cursor = page.next_cursor ?? "";
  }
  return cursor;
}
