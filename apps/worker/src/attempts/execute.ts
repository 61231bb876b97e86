import { dirname, join } from "node:path";
import {
  type Attempt,
  type BlobStore,
  type Clock,
  type JobRequest,
  jobFields,
  type Log,
  type LogFields,
  type Outcome,
  type TraceContext,
} from "@drover/core";
import { attemptFolder, type Manifest } from "@drover/job-files";
import { withFields } from "@drover/log";
import type { Processor } from "@drover/processor-sdk";
import type { ChildUser } from "../children/child-user.js";
import type { RunEnd, Runner } from "../children/runner.js";
import { AttemptFolder } from "./attempt-folder.js";
import { createReports } from "./attempt-reports.js";
import { inAttemptSpan } from "./attempt-span.js";
import { describeDeath, failed, lookBeforeRun, outcomeOfStop, outcomeOfThrown } from "./outcome.js";
import { publish, waitForStorage } from "./publish.js";
import { readableInput } from "./readable-input.js";

export interface ExecutorDeps {
  readonly processor: Processor;
  readonly runner: Runner;
  readonly blobs: BlobStore;
  /** The user of child processes, when it is another one. */
  readonly childUser?: ChildUser | undefined;
  /** Existing folder on this machine; each attempt gets one of its own below. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Has the manifest of a job say how it ended, which said this before it ran; returns at once. */
  readonly settle: (request: JobRequest, manifest?: Manifest) => void;
}

/** What a consumer of one processor calls. */
export interface Executor {
  /** Runs one attempt. Never rejects; nothing of it is left on this machine when it resolves. */
  execute(attempt: Attempt): Promise<Outcome>;
  /** The outcome is recorded and the job is terminal. */
  onFinished(attempt: Attempt): Promise<void>;
  /** The outcome is not recorded: removes what the attempt stored. */
  onDiscarded(attempt: Attempt): Promise<void>;
}

/** An attempt whose input lies on this machine, ready to run. */
interface Prepared {
  readonly kind: "prepared";
  readonly attempt: Attempt;
  readonly inputPath: string;
  readonly folder: AttemptFolder;
  /** In ms. */
  readonly timeoutMs: number;
}

/** The longest delay of a Node timer, in ms (24.8 days); with a longer one it fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs the attempts of one processor: prepare → run → classify → publish, one after the other in `outcomeOf`.
 * Each step takes the value of the one before, or ends the attempt with an `Outcome`.
 */
export function createExecutor(shared: ExecutorDeps): Executor {
  const manifests = new WeakMap<Attempt, Manifest>();
  return {
    execute: (attempt) =>
      inAttemptSpan(attempt, async ({ trace, fields }) => {
        const log = withFields(shared.log, { ...jobFields(attempt.request, attempt.number), ...fields });
        const startedAt = shared.clock.monotonicMs();
        log.info("Attempt started");
        const outcome = await outcomeOf({ ...shared, log, trace, manifests }, attempt).catch((error) => {
          log.error("Attempt failed outside its processor", { error });
          return failed(
            "processor_error",
            "The worker could not prepare or store the files of this attempt.",
          );
        });
        const durationMs = Math.round(shared.clock.monotonicMs() - startedAt);
        const level = outcome.kind === "failed" ? "warn" : "info";
        log[level]("Attempt finished", { ...outcomeFields(outcome), duration_ms: durationMs });
        return outcome;
      }),
    async onFinished(attempt) {
      shared.settle(attempt.request, manifests.get(attempt));
    },
    async onDiscarded(attempt) {
      await shared.blobs.remove(storedFolder(attempt));
      const fields = jobFields(attempt.request, attempt.number);
      shared.log.warn("Attempt discarded: its lease went to another worker", fields);
    },
  };
}

/** What one attempt is run with. */
interface AttemptDeps extends ExecutorDeps {
  /** What the processor is told that it is part of. */
  readonly trace: TraceContext | undefined;
  /** What the manifests of attempts that run said when they began. */
  readonly manifests: WeakMap<Attempt, Manifest>;
}

async function outcomeOf(deps: AttemptDeps, attempt: Attempt): Promise<Outcome> {
  const found = await lookBeforeRun(attempt, deps);
  if (found.outcome !== undefined) return found.outcome;
  if (found.manifest !== undefined) deps.manifests.set(attempt, found.manifest);
  const folder = new AttemptFolder(join(deps.folder, attempt.id));
  let mayHaveCopies = true;
  try {
    if (!deps.processor.inProcess) await folder.make();
    const prepared = await prepare(deps, attempt, folder);
    if (prepared.kind !== "prepared") return prepared;
    mayHaveCopies = prepared.inputPath.startsWith(folder.copies);
    const end = await run(deps, prepared);
    if (end.kind !== "returned") return classify(end, prepared, deps.processor.limits);
    return await publish(deps, { attempt, end, source: folder, target: storedFolder(attempt) });
  } finally {
    await folder.remove(mayHaveCopies);
  }
}

/** The input on this machine, as soon as the storage can give it. */
async function prepare(
  { blobs, clock, processor, childUser }: ExecutorDeps,
  attempt: Attempt,
  folder: AttemptFolder,
): Promise<Prepared | Outcome> {
  const { input, timeoutMs } = attempt.request;
  const found = await waitForStorage({ clock, attempt }, () => blobs.localPath(input.key, folder.copies));
  if (found.kind === "stopped") return outcomeOfStop(found.reason);
  if (found.value === undefined) return failed("input_missing", "The uploaded file is no longer there.");
  const inputPath = childUser === undefined ? found.value : await readableInput(found.value, folder.copies);
  return {
    kind: "prepared",
    attempt,
    inputPath,
    folder,
    timeoutMs: Math.min(timeoutMs ?? MAX_TIMER_MS, processor.limits.timeoutMs, MAX_TIMER_MS),
  };
}

/** Calls the processor; resolves when its last progress and log lines are recorded, or take too long. */
async function run(
  { runner, clock, log, trace }: AttemptDeps,
  { attempt, inputPath, folder, timeoutMs }: Prepared,
): Promise<RunEnd> {
  const { input, params } = attempt.request;
  const reports = createReports(attempt, { clock, log, folders: [folder.path, dirname(inputPath)] });
  const end = await runner.run({
    ...reports,
    message: {
      type: "run",
      input: { ...input, path: inputPath },
      params,
      attempt: attempt.number,
      folder: folder.path,
      ...(trace === undefined ? {} : { trace }),
    },
    makeFolder: folder.makeNow,
    giveFolder: folder.giveTo,
    timeoutMs,
    signal: attempt.signal,
  });
  await reports.end();
  if (end.kind === "threw") log.warn("Processor threw", { error: end.thrown.stack });
  return end;
}

/** What the end of a run means for the job. A return is no outcome before its artifacts are stored. */
function classify(
  end: Exclude<RunEnd, { kind: "returned" }>,
  { folder, inputPath, timeoutMs }: Prepared,
  { maxRssBytes }: Processor["limits"],
): Outcome {
  switch (end.kind) {
    case "threw":
      return outcomeOfThrown(end.thrown, [folder.path, folder.copies, dirname(inputPath)]);
    case "died":
      return failed("crashed", describeDeath(end.exitCode, end.signal));
    case "timed_out":
      return failed("timeout", `The attempt took longer than its limit of ${seconds(timeoutMs)}.`);
    case "out_of_memory":
      return failed(
        "out_of_memory",
        `The attempt used more memory than its limit of ${Math.round(maxRssBytes / 2 ** 20)} MiB.`,
      );
    case "stopped":
      return outcomeOfStop(end.reason);
  }
}

function seconds(ms: number): string {
  return `${Number((ms / 1_000).toFixed(1))} s`;
}

/** The folder in the store that the attempt publishes to, and no other one. */
function storedFolder({ request, number, id }: Attempt): string {
  return attemptFolder(request.id, number, id);
}

function outcomeFields(outcome: Outcome): LogFields {
  if (outcome.kind !== "failed") return { outcome: outcome.kind };
  return { outcome: outcome.kind, code: outcome.code, reason: outcome.message, retryable: outcome.retryable };
}
