import type { JobId } from "@drover/core";

/**
 * Where each blob of a job lies.
 *
 * ```
 * inputs/<upload>/file            the uploaded bytes; the upload has an id of its own, so that a retried
 *                                 submit never overwrites a file in use
 * inputs/<upload>/manifest.json   the job request and, once it ended, its end; what reconcile restores from
 * inputs/<job>/<upload>/…         the same two of a job that was submitted with an Idempotency-Key, from
 *                                 which its id is made, so that a repeated submit finds the job when Redis
 *                                 has forgotten it
 * inputs/<job>/imported/manifest.json
 *                                 of a job that was imported after it had ended elsewhere; it has no file
 * jobs/<job>/<attempt>-<random>/  what one attempt wrote; published by the job's return value only
 * .drover/installation.json       which installation the store belongs to; without it there is no store
 * .drover/canary/<process>        written by a live process, looked for by the others, which so learn
 *                                 whether they share the store
 * .drover/clock                   written to see what time the store stamps files with
 * tombstones/<job>.json           the job was deleted by a person
 * ```
 */
export const INPUTS = "inputs/";
export const JOBS = "jobs/";
export const INSTALLATION_KEY = ".drover/installation.json";
export const CANARIES = ".drover/canary/";
export const CLOCK_KEY = ".drover/clock";
export const TOMBSTONES = "tombstones/";

/**
 * Key of an uploaded file.
 * @param keyed the job's id when it is made from an Idempotency-Key.
 */
export function inputKey(uploadId: string, keyed?: JobId): string {
  return keyed === undefined ? `${INPUTS}${uploadId}/file` : `${keyedInputs(keyed)}${uploadId}/file`;
}

/**
 * What the inputs of a keyed job start with: that of the submit which made it, and those of repeated ones
 * until they are discarded.
 */
export function keyedInputs(job: JobId): string {
  return `${INPUTS}${job}/`;
}

/** Key that stands for the input of an imported job, of which there is none. No other job has it. */
export function importedInputKey(job: JobId): string {
  return `${keyedInputs(job)}imported/file`;
}

/** The folder of an input: the file and its manifest. */
export function inputFolder(key: string): string {
  return key.slice(0, key.lastIndexOf("/"));
}

/** Key of the manifest beside an input. */
export function manifestKey(key: string): string {
  return `${inputFolder(key)}/manifest.json`;
}

/** Everything that any attempt of the job wrote. */
export function jobFolder(job: JobId): string {
  return `${JOBS}${job}`;
}

/** Private to one attempt, so that a worker that lost its lease writes where nobody looks. */
export function attemptFolder(job: JobId, attempt: number, random: string): string {
  return `${JOBS}${job}/${attempt}-${random}`;
}

/** Key of the blob that says that the job was deleted. */
export function tombstoneKey(job: string): string {
  return `${TOMBSTONES}${job}.json`;
}
