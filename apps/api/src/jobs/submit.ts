import { MAX_WAIT_S } from "@drover/contract";
import { isTerminal, type Job } from "@drover/core";
import type { Deps } from "../deps.js";
import type { Handler } from "../http/handler.js";
import { whileHeld } from "../http/held-requests.js";
import { createdFields, createdHeaders, createJob } from "./create-job.js";
import { viewJob } from "./job-view.js";
import { waitForJob } from "./wait-for.js";

export const submitJob: Handler<"submitJob"> = async (input, deps) => {
  const waitS = preferredWait(input.headers["prefer"]);
  const created = await createJob(
    {
      processor: input.params.processor,
      idempotencyKey: input.headers["idempotency-key"],
      requestId: input.requestId,
      trace: input.trace,
      signal: input.signal,
      receive: input.receive,
    },
    deps,
  );
  const job = waitS === undefined ? created.job : await whenFinished(created.job, waitS, input.signal, deps);
  return {
    kind: "json",
    status: 202,
    headers: {
      ...createdHeaders(created),
      ...(waitS === undefined ? {} : { "Preference-Applied": `wait=${waitS}` }),
    },
    body: viewJob(job, deps),
    noted: createdFields(created),
  };
};

/**
 * The `wait` preference of RFC 7240, in whole seconds and at most `MAX_WAIT_S`; `undefined` without one. An
 * unknown preference is passed over, as the RFC asks.
 */
function preferredWait(prefer: string | undefined): number | undefined {
  const match = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:$|[,;])/i.exec(prefer ?? "");
  return match?.[1] === undefined ? undefined : Math.min(Number(match[1]), MAX_WAIT_S);
}

async function whenFinished(job: Job, waitS: number, gone: AbortSignal, deps: Deps): Promise<Job> {
  const isOver = (now: Job | undefined) => now === undefined || isTerminal(now.status);
  if (isOver(job)) return job;
  const options = { deadlineMs: waitS * 1000, signals: [gone, deps.stopping], until: isOver };
  return (await whileHeld(deps.events, "long_poll", () => waitForJob(job.id, options, deps))) ?? job;
}
