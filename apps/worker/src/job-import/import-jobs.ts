import { join, relative } from "node:path";
import type { BlobStore, Job, QueuePorts } from "@drover/core";
import { importedInputKey, inputFolder, isBuried, readManifest, writeManifest } from "@drover/job-files";
import { lookUpJob } from "../upkeep/orphans.js";
import { type JobFiles, jobsFolder, listJobFiles } from "./job-folder.js";
import { jobOfRecord, MalformedError } from "./job-record.js";
import { type ReadJob, readJobFiles } from "./read-job-files.js";

export interface ImportDeps {
  readonly queue: Pick<QueuePorts, "jobs" | "finished" | "clock">;
  readonly blobs: BlobStore;
  /** The processor that they are listed under. */
  readonly processor: string;
  /** Whose jobs they become. */
  readonly tenant: string;
  /** Throws when store and Redis do not belong together, as of a moment ago. */
  readonly assertMayAdd: () => Promise<void>;
}

/**
 * What became of the files of one job.
 *
 * | kind | the job |
 * |---|---|
 * | imported | is there now |
 * | updated | was imported before from other files; these tell of a later time |
 * | present | was imported before from the same files |
 * | gone | was deleted, or had been imported and expired |
 * | left_out | is not there, or is another one: `reason` says why |
 */
export type Imported =
  | { readonly kind: "imported" | "updated" | "present" | "gone" }
  | { readonly kind: "left_out"; readonly reason: string };

/** The files of a job with what became of them. */
export interface ImportedFiles {
  /** From the folder on. */
  readonly name: string;
  readonly answer: Imported;
  /** What was passed over in them, for a person. */
  readonly note?: string | undefined;
}

/** Jobs that are written at a time: each waits for the disk. */
const AT_A_TIME = 8;

/**
 * Imports the job files of a folder; calls `onFiles` for those of each job. Can be repeated, be ended
 * anywhere, and be done by several processes at once: a job is written to one manifest, and added by one
 * script that lets the later end stand.
 * @throws what the file system throws when the folder cannot be read, and the first thing that Redis or the
 *   store threw.
 */
export async function importFolder(
  folder: string,
  deps: ImportDeps,
  onFiles: (files: ImportedFiles) => void,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const jobs = await jobsFolder(folder);
  for await (const found of listJobFiles(jobs)) {
    if (failures.length > 0) break;
    const name = join(relative(folder, jobs), found.name);
    if ("trouble" in found) {
      onFiles({ name, answer: leftOut(found.trouble) });
      continue;
    }
    const work = importFiles(found, deps)
      .then(
        (done) => onFiles({ name, ...done }),
        (error: unknown) => void failures.push(error),
      )
      .finally(() => running.delete(work));
    running.add(work);
    if (running.size >= AT_A_TIME) await Promise.race(running);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}

async function importFiles(files: JobFiles, deps: ImportDeps): Promise<Omit<ImportedFiles, "name">> {
  try {
    const read = await readJobFiles(files);
    await deps.assertMayAdd();
    return { answer: await importJob(read, deps), note: read.note };
  } catch (error) {
    if (error instanceof MalformedError) return { answer: leftOut(error.message) };
    throw error;
  }
}

/**
 * The manifest comes first, which the job comes back from when Redis loses it. It is one that no other job has,
 * and a job of this id with another input is another one, which is left alone.
 */
async function importJob({ record, source }: ReadJob, deps: ImportDeps): Promise<Imported> {
  const { queue, blobs, processor, tenant } = deps;
  const { id } = record;
  const key = importedInputKey(id);
  const job = await lookUpJob(queue, id);
  if (job === "damaged" || (job !== undefined && job.input.key !== key)) return leftOut(TAKEN);
  const known = job ?? (await readManifest(key, blobs))?.request;
  if (known !== undefined && known.processor !== processor)
    return leftOut(`was imported for the processor ${known.processor} before; delete it first.`);
  if (known !== undefined && known.tenant !== tenant)
    return leftOut(`was imported for the tenant ${known.tenant} before; delete it first.`);
  if (job?.input.sha256 === source.sha256) return { kind: "present" };
  if (isLater(job, record.updatedAt))
    return leftOut("differs from what was imported before, and its updated_at is no later; kept as it was.");
  if (job === undefined && (await isGone({ ...record, processor }, deps))) return { kind: "gone" };
  const importedAt = (job === undefined ? known?.importedAt : undefined) ?? queue.clock.now();
  const { request, end } = jobOfRecord(record, { processor, tenant, importedAt, source });
  await writeManifest({ version: 1, request, settled: end }, blobs);
  const answer = await queue.finished.addEnded(request, end);
  if (answer === "taken") {
    await blobs.remove(inputFolder(key));
    return leftOut(TAKEN);
  }
  if (end.status === "completed") await queue.finished.condense(request);
  if (answer === "kept") return { kind: "present" }; // another process was faster
  return { kind: job === undefined ? "imported" : "updated" };
}

const TAKEN = "has the id of a job that was not imported; that one is left alone.";

function leftOut(reason: string): Imported {
  return { kind: "left_out", reason };
}

/** Whether the job that is there ended as late as the files say, or later. */
function isLater(job: Job | undefined, updatedAt: number): boolean {
  return job !== undefined && (job.finishedAt ?? 0) >= updatedAt;
}

/** Whether a person deleted the job, or it expired after an earlier import. */
async function isGone(
  job: Pick<Job, "id" | "processor" | "createdAt">,
  { queue, blobs }: ImportDeps,
): Promise<boolean> {
  return (await isBuried(job, blobs)) || (await queue.finished.isExpired(job));
}
