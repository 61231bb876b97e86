import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { System } from "../src/index.js";
import { type LatencyProbe, probeInTurn } from "./latency-probe.js";
import { LoadGenerator, multipart } from "./load.js";
import type { Figure } from "./print.js";
import { callsBetween, redisUse, slowest, watchSlow } from "./redis-figures.js";
import type { Scale } from "./scale-measures.js";

const IN_FLIGHT = 16;
const SUBMIT_SECONDS = 4;

/** Many queued jobs, each of them really submitted: what that does to submits, status, list and takes. */
export async function* measureQueued(
  probe: LatencyProbe,
  system: System,
  { queued, rounds, requests, pages }: Pick<Scale, "queued" | "rounds" | "requests" | "pages">,
): AsyncGenerator<Figure> {
  const client = new Redis(system.redis.url);
  const generator = await LoadGenerator.start();
  const { body, headers } = multipart(Buffer.alloc(10_240, "x"), "bench.txt");
  const url = `${system.url()}/api/processors/digest/jobs`;
  const post = {
    url,
    method: "POST",
    headers,
    body: body.toString("base64"),
    connections: IN_FLIGHT,
  } as const;
  const submit = (seconds: number) => generator.run({ ...post, seconds }, system.apis[0]?.pid ?? 0);
  const name = `${queued.toLocaleString("en")} queued`;
  try {
    const before = await statusOf(probe, system, { rounds, requests });
    await submit(SUBMIT_SECONDS); // an api that has served few submits is slower than it will be
    const early = await submit(SUBMIT_SECONDS);
    while ((await system.client().list({ limit: 1, status: "queued" })).jobs.length > 0) {
      const depth = await depthOf(client);
      if (depth >= queued) break;
      await submit(Math.ceil(Math.min(10, (queued - depth) / early.perSecond)));
    }
    const late = await submit(SUBMIT_SECONDS);
    const submits = { early: early.perSecond, late: late.perSecond, ratio: late.perSecond / early.perSecond };
    yield {
      name: `submit, ${IN_FLIGHT} in flight, ${name}`,
      value: `${late.perSecond.toFixed(0)} /s, × a short queue ${submits.ratio.toFixed(2)}`,
      data: submits,
    };
    const after = await statusOf(probe, system, { rounds, requests });
    yield {
      name: `status of a queued job with its position, ${name}`,
      value: `p50 ${after.p50.toFixed(2)} ms, p99 ${after.p99.toFixed(2)} ms; p99 × empty queue ${(after.p99 / before.p99).toFixed(2)}`,
      data: { ...after, ratio: after.p99 / before.p99 },
    };
    for (const filter of ["", "&status=queued", "&status=running"]) {
      const paths = [`/api/jobs?limit=50${filter}`];
      const { p50, p99 } = await probe.run({ base: system.url(), paths, connections: 1, requests: pages });
      const value = `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
      yield { name: `list of 50${filter}, ${name}`, value, data: { p50, p99 } };
    }
    yield await takes(system, client, name);
  } finally {
    client.disconnect();
    await generator.stop();
  }
}

/** Of one job that waits, or with an empty queue of one that ended. */
async function statusOf(
  probe: LatencyProbe,
  system: System,
  { rounds, requests }: Pick<Scale, "rounds" | "requests">,
) {
  const { jobs } = await system.client().list({ limit: 200 });
  const paths = jobs.map(({ job_id }) => `/api/jobs/${job_id}`);
  const [times] = await probeInTurn(probe, rounds, [{ base: system.url(), paths, connections: 1, requests }]);
  if (times === undefined) throw new Error("Nothing was timed.");
  return times;
}

async function depthOf(client: Redis): Promise<number> {
  const [key] = (await client.keys("*:prioritized")) as [string?];
  return key === undefined ? 0 : client.zcard(key);
}

/** A worker takes from the long queue: what its commands cost Redis, and how long one holds it. */
async function takes(system: System, client: Redis, name: string): Promise<Figure> {
  await watchSlow(client);
  const depth = await depthOf(client);
  const worker = await system.startWorker({ DROVER_CONCURRENCY: "4" });
  const before = await redisUse(client);
  await sleep(5_000);
  const after = await redisUse(client);
  const taken = depth - (await depthOf(client));
  await worker.stop();
  system.workers.splice(0);
  const { calls, ms } = callsBetween(before, after, "evalsha");
  const longest = await slowest(client);
  return {
    name: `a worker that takes, ${name}`,
    value:
      `${taken} jobs in 5 s; a script of it takes ${((ms * 1_000) / calls).toFixed(0)} µs of Redis, the longest ` +
      `${longest.ms.toFixed(2)} ms (${longest.what})`,
    data: { taken, scriptUs: (ms * 1_000) / calls, longestMs: longest.ms },
  };
}
