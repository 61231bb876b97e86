import type { System } from "../src/index.js";
import { startBareServer, startProcess } from "./bench-process.js";
import { LoadGenerator, multipart } from "./load.js";
import { compare, type Measure } from "./rounds.js";

/** How much a measure does. */
export interface Extent {
  readonly rounds: number;
  /** Of one contender in one round. */
  readonly seconds: number;
  /** Requests in flight, one measure for each. */
  readonly inFlight: readonly number[];
}

/** GET of a job's status, on each of the two routes, against one HGETALL behind Express, on one Redis. */
export async function* measureStatus(system: System, extent: Extent): AsyncGenerator<Measure> {
  const { job_id } = await system.client().submit("noop", new Blob(["x"]));
  await system.client().wait(job_id);
  const bare = await startProcess("bare-status", { REDIS_URL: system.redis.url });
  const generator = await LoadGenerator.start();
  const api = system.apis[0]?.pid ?? 0;
  try {
    for (const connections of extent.inFlight) {
      const get = (url: string, server: number) => () =>
        generator.run({ url, connections, seconds: extent.seconds }, server);
      const url = system.url();
      yield await compare({ name: `status GET, ${connections} in flight`, rounds: extent.rounds }, [
        { name: "Express and HGETALL", role: "bare", run: get(`${bare.url}/status/job`, bare.pid) },
        { name: "/api/jobs/{id}", role: "own", run: get(`${url}/api/jobs/${job_id}`, api) },
        { name: "/api/job-status/{id}", role: "own", run: get(`${url}/api/job-status/${job_id}`, api) },
      ]);
    }
  } finally {
    await Promise.all([generator.stop(), bare.stop()]);
  }
}

/** POST of a 10 KiB file against multer and queue.add, without and with the file synced. */
export async function* measureSubmit(system: System, extent: Extent): AsyncGenerator<Measure> {
  const bare = await startBareServer(system);
  const generator = await LoadGenerator.start();
  const { body, headers } = multipart(Buffer.alloc(10_240, "x"), "bench.txt");
  const form = { method: "POST", headers, body: body.toString("base64") } as const;
  const api = system.apis[0]?.pid ?? 0;
  try {
    for (const connections of extent.inFlight) {
      const post = (url: string, server: number) => () =>
        generator.run({ url, ...form, connections, seconds: extent.seconds }, server);
      const own = `${system.url()}/api/processors/noop-in-process/jobs`;
      yield await compare({ name: `submit 10 KiB, ${connections} in flight`, rounds: extent.rounds }, [
        { name: "multer and queue.add", role: "bare", run: post(`${bare.url}/submit`, bare.pid) },
        { name: "the same, file synced", role: "fair", run: post(`${bare.url}/submit-durable`, bare.pid) },
        { name: "Drover", role: "own", run: post(own, api) },
      ]);
    }
  } finally {
    await Promise.all([generator.stop(), bare.stop()]);
  }
}
