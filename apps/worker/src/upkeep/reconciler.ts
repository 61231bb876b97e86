import {
  type BlobStore,
  type EventSink,
  endOfJob,
  isTerminal,
  type Job,
  keptFrom,
  type Log,
  type QueuePorts,
} from "@drover/core";
import {
  INPUTS,
  isBuried,
  type Manifest,
  readManifest,
  settleManifest,
  UNDER_WAY_MS,
  writeManifest,
} from "@drover/job-files";
import { lookUpJob } from "./orphans.js";
import { removeExpired } from "./retention.js";
import type { CheckedFolders } from "./walk.js";
import { type FolderListing, foldersOf, measured, type Part, type Slice, tryEntry, Walk } from "./walk.js";

export interface ReconcileDeps {
  readonly queue: Pick<QueuePorts, "jobs" | "facts" | "finished" | "health" | "clock" | "statistics">;
  readonly blobs: BlobStore;
  /** Age at which a file that belongs to no job is removed, in ms. */
  readonly orphanGraceMs: number;
  readonly retentionMs: { readonly completed: number; readonly failed: number };
  readonly confirmed: CheckedFolders;
  /** The time that the store stamps files with now, ms since the epoch. */
  readonly fileNow: () => number;
  readonly quietLog: Log;
  readonly events?: EventSink;
}

/** What was put right between inputs and jobs. */
export interface Reconciled {
  /** Jobs that Redis had lost, to be run, and ends that it had forgotten. */
  restored: number;
  /** Manifests that now say how their job ended, or that it runs again. */
  settled: number;
  /** Inputs of expired, deleted, unknown or other jobs, and the files of completed ones. */
  inputsRemoved: number;
}

/** Is in Redis as long as Redis has forgotten nothing. */
const CANARY = "reconciled";
const CANARY_TTL_MS = 30 * 24 * 3_600_000;

/** Makes inputs and jobs agree, as the map in `sweeper.ts` says. Can be repeated, and be ended anywhere. */
export class Reconciler implements Part<Reconciled> {
  readonly #deps: ReconcileDeps;
  readonly #walk: Walk<FolderListing>;
  /**
   * Folders whose job is to be queued again when the walk has seen every manifest: one of the same id may say
   * that it has ended.
   */
  #lost: FolderListing[] = [];
  /** Whether the walk has ended and the lost jobs are next. */
  #isSeen = false;
  #runId: string | undefined;

  constructor(deps: ReconcileDeps) {
    this.#deps = deps;
    const onEnd = (bytes: number) => deps.events?.emit("store.seen", { kind: "inputs", bytes });
    this.#walk = new Walk(() => measured(foldersOf(deps.blobs.list(INPUTS)), onEnd), deps.orphanGraceMs);
  }

  async run(slice: Slice): Promise<Reconciled> {
    const done: Reconciled = { restored: 0, settled: 0, inputsRemoved: 0 };
    await this.#forgetIfRedisDid();
    if (!this.#isSeen && !(await this.#walk.go(slice, (input) => this.#look(input, done)))) return done;
    this.#isSeen = true;
    while (this.#lost.length > 0) {
      await slice.mayGoOn();
      // The rest in the next turn.
      if (slice.signal.aborted || slice.monotonicMs() > slice.untilMs) return done;
      const input = this.#lost.pop();
      if (input !== undefined) await tryEntry(slice.log, input.folder, () => this.#queueAgain(input, done));
    }
    this.#isSeen = false;
    const { facts, clock } = this.#deps.queue;
    await facts.set(CANARY, new Date(clock.now()).toISOString(), CANARY_TTL_MS);
    return done;
  }

  async close(): Promise<void> {
    this.#lost = [];
    this.#isSeen = false;
    await this.#walk.close();
  }

  /** What was in order before Redis was emptied, or started on what it had saved, need not be now. */
  async #forgetIfRedisDid(): Promise<void> {
    const { queue, confirmed } = this.#deps;
    const [canary, { runId }] = await Promise.all([queue.facts.get(CANARY), queue.health.inspect()]);
    if (canary === undefined || runId !== this.#runId) {
      confirmed.clear();
      this.#walk.hurry();
    }
    this.#runId = runId;
  }

  async #look(input: FolderListing, done: Reconciled): Promise<void> {
    const { confirmed } = this.#deps;
    const name = `${input.folder}@${input.changedAt.get("manifest.json")}-${input.names.size}`;
    if (confirmed.has(name)) return;
    if (await this.#isInOrder(input, done)) confirmed.add(name);
  }

  /** Whether input and job are in order and need no second look soon. */
  async #isInOrder(input: FolderListing, done: Reconciled): Promise<boolean> {
    const { queue, blobs, retentionMs, orphanGraceMs, quietLog } = this.#deps;
    const manifestAt = input.changedAt.get("manifest.json");
    if (manifestAt === undefined) return this.#removeAfter(orphanGraceMs, input, done);
    const manifest = await readManifest(`${input.folder}/file`, blobs);
    if (manifest === undefined) {
      quietLog.warn("A manifest cannot be read; its input is kept for the longest retention", {
        input: input.folder,
      });
      return this.#removeAfter(
        Math.max(retentionMs.completed, retentionMs.failed, orphanGraceMs),
        input,
        done,
      );
    }
    const { request } = manifest;
    if (await isBuried(request, blobs)) return this.#remove(input, done);
    if (this.#deps.fileNow() - manifestAt < UNDER_WAY_MS) return false;
    const job = await lookUpJob(queue, request.id);
    if (job === "damaged") return true; // shown as such; a person deletes it
    if (job === undefined) return this.#withoutJob(input, manifest, done);
    if (job.input.key === request.input.key) return this.#withJob(input, { manifest, job }, done);
    // The upload of another request with the same key; unless it is Redis that forgot: then this one's end is
    // the job's.
    if (manifest.settled !== null && job.attempt === 0 && !isTerminal(job.status))
      return this.#restoreEnd(manifest, done);
    return this.#removeAfter(orphanGraceMs, input, done);
  }

  async #withoutJob(input: FolderListing, manifest: Manifest, done: Reconciled): Promise<boolean> {
    const { queue, retentionMs } = this.#deps;
    const { request, settled } = manifest;
    if (settled === null) {
      if (await queue.finished.isExpired(request)) return this.#expire(input, manifest, done);
      this.#lost.push(input);
      return false;
    }
    const keptMs = settled.status === "completed" ? retentionMs.completed : retentionMs.failed;
    const isOver = keptFrom(request, settled.at) + keptMs < queue.clock.now();
    if (isOver || (await queue.finished.isExpired(request))) return this.#expire(input, manifest, done);
    return this.#restoreEnd(manifest, done);
  }

  async #withJob(
    input: FolderListing,
    { manifest, job }: { readonly manifest: Manifest; readonly job: Job },
    done: Reconciled,
  ): Promise<boolean> {
    const { settled } = manifest;
    const end = endOfJob(job);
    if (settled !== null && settled.at > (end?.at ?? 0)) return this.#restoreEnd(manifest, done);
    if (end === undefined) return true;
    if (settled?.at !== end.at) return this.#settle(manifest, job, done);
    if (end.status !== "completed" || !input.names.has("file")) return true;
    // The end is older than what a crash of Redis can make it forget.
    await this.#deps.blobs.remove(job.input.key);
    done.inputsRemoved += 1;
    return true;
  }

  /**
   * The job has ended and its manifest does not say so, or says that a person wants it to run again, which
   * Redis forgot.
   */
  async #settle(manifest: Manifest, job: Job, done: Reconciled): Promise<boolean> {
    const { jobs, statistics } = this.#deps.queue;
    await statistics.count(job); // its worker may have died before it did
    const isReopened = (manifest.reopenedEnd ?? 0) >= (job.finishedAt ?? 0) && job.status !== "completed";
    if (isReopened) {
      if ((await jobs.retry(job.id, manifest.request.params)) !== undefined) done.restored += 1;
    } else if (await settleManifest(job, this.#deps.blobs, () => jobs.get(job.id))) {
      done.settled += 1;
      if (job.status === "completed") await this.#deps.queue.finished.condense(job);
    }
    return false;
  }

  async #restoreEnd(manifest: Manifest, done: Reconciled): Promise<boolean> {
    const { settled, request } = manifest;
    const { queue } = this.#deps;
    if (settled === null) return false;
    const answer = await queue.finished.restore(request, settled);
    if (answer === "restored") {
      done.restored += 1;
      // The counts were lost with the job, unless Redis lost only its last second.
      const job = await queue.jobs.get(request.id);
      if (job !== undefined) await queue.statistics.count(job);
    }
    if (answer !== "reopened") return answer === "kept";
    await writeManifest({ ...manifest, settled: null, reopenedEnd: settled.at }, this.#deps.blobs);
    done.settled += 1;
    return false;
  }

  /**
   * Looked at again: since the walk went by, the job may have been deleted, found to have ended, or made by a
   * request that was slow.
   */
  async #queueAgain({ folder }: FolderListing, done: Reconciled): Promise<void> {
    const { queue, blobs } = this.#deps;
    const manifest = await readManifest(`${folder}/file`, blobs);
    if (manifest === undefined || manifest.settled !== null) return;
    if (!(await queue.finished.clearRemains(manifest.request))) return; // its record is there
    await queue.jobs.submit(manifest.request, { isRestored: true });
    done.restored += 1;
  }

  async #expire(input: FolderListing, { request, settled }: Manifest, done: Reconciled): Promise<false> {
    const ended = {
      ...request,
      status: settled?.status ?? "failed",
      finishedAt: settled?.at ?? null,
    };
    await removeExpired(this.#deps, request, ended);
    return this.#remove(input, done);
  }

  async #removeAfter(ageMs: number, input: FolderListing, done: Reconciled): Promise<false> {
    return this.#deps.fileNow() - input.newestAt < ageMs ? false : this.#remove(input, done);
  }

  async #remove({ folder }: FolderListing, done: Reconciled): Promise<false> {
    await this.#deps.blobs.remove(folder);
    done.inputsRemoved += 1;
    return false;
  }
}
