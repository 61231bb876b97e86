import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { System } from "../src/index.js";
import { type Asked, type LatencyProbe, probeInTurn } from "./latency-probe.js";
import { LoadGenerator, multipart } from "./load.js";
import type { Figure } from "./print.js";
import { callsBetween, redisUse, slowest, watchSlow } from "./redis-figures.js";
import { compare } from "./rounds.js";
import type { Scale } from "./scale-measures.js";

const IN_FLIGHT = 16;
const SUBMIT_SECONDS = 3;

/** Many queued jobs, each of them really submitted: what that does to submits, status, list and takes. */
export async function* measureQueued(
  probe: LatencyProbe,
  { short, long: system }: { readonly short: System; readonly long: System },
  { queued, rounds, requests, pages }: Pick<Scale, "queued" | "rounds" | "requests" | "pages">,
): AsyncGenerator<Figure> {
  const client = new Redis(system.redis.url);
  const generator = await LoadGenerator.start();
  const { body, headers } = multipart(Buffer.alloc(10_240, "x"), "bench.txt");
  const post = { method: "POST", headers, body: body.toString("base64"), connections: IN_FLIGHT } as const;
  const submit = (to: System, seconds: number) =>
    generator.run({ ...post, url: `${to.url()}/api/processors/digest/jobs`, seconds }, to.apis[0]?.pid ?? 0);
  const name = `${queued.toLocaleString("en")} queued`;
  try {
    while ((await depthOf(client)) < queued) await submit(system, 5);
    await submit(short, 1); // an api that has served few submits is slower than it will be
    const measure = await compare({ name: `submit, ${IN_FLIGHT} in flight`, rounds }, [
      { name: "short queue", role: "bare", run: () => submit(short, SUBMIT_SECONDS) },
      { name, role: "own", run: () => submit(system, SUBMIT_SECONDS) },
    ]);
    const ratio = measure.results[1]?.ofBare ?? { median: Number.NaN, min: Number.NaN, max: Number.NaN };
    const perSecond = measure.results[1]?.perSecond.median ?? Number.NaN;
    yield {
      name: `${measure.name}, ${name}`,
      value:
        `${perSecond.toFixed(0)} /s, × a short queue ${ratio.median.toFixed(2)} ` +
        `(${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})`,
      data: { perSecond, ratio: ratio.median },
    };
    const asked = await Promise.all([short, system].map((each) => newestOf(each, requests)));
    const [, status] = await probeInTurn(probe, rounds, asked);
    if (status === undefined) throw new Error("Nothing was timed.");
    yield {
      name: `status of a queued job with its position, ${name}`,
      value:
        `p50 ${status.p50.toFixed(2)} ms, p99 ${status.p99.toFixed(2)} ms; p99 × a short queue ` +
        `${status.ratio.toFixed(2)} (${status.least.toFixed(2)}–${status.most.toFixed(2)})`,
      data: { ...status },
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

/** Status requests for the newest jobs of the system, all of which wait. */
async function newestOf(system: System, requests: number): Promise<Asked> {
  const { jobs } = await system.client().list({ limit: 200 });
  const paths = jobs.map(({ job_id }) => `/api/jobs/${job_id}`);
  return { base: system.url(), paths, connections: 1, requests };
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
