import { createHash } from "node:crypto";
import { crc32, gzipSync } from "node:zlib";
import { type Artifact, type Attempt, type Consumer, type Job, type Outcome, parseJobId } from "@drover/core";
import { jobFolder, type Manifest, readManifest } from "@drover/job-files";
import { chunksOf, signal, waitFor } from "@drover/testkit";
import { expect, onTestFinished } from "vitest";
import { CSV, type TestApi } from "./test-api.js";

/** A form with one file. */
export function formWith(
  content: string | Uint8Array<ArrayBuffer> = "a,b\n1,2\n",
  fields: Readonly<Record<string, string>> = {},
  filename = "log.csv",
): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", new Blob([content], { type: "text/csv" }), filename);
  return form;
}

export interface WireJson {
  readonly [member: string]: unknown;
  readonly job_id: string;
  readonly status: unknown;
}

export async function submit(
  api: TestApi,
  form: FormData = formWith(),
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${api.url}/api/processors/csv-count/jobs`, { method: "POST", body: form, headers });
}

/** Submits and answers the job; fails when it was not accepted. */
export async function submitted(
  api: TestApi,
  form?: FormData,
  headers?: Readonly<Record<string, string>>,
): Promise<WireJson> {
  const response = await submit(api, form, headers);
  expect(response.status).toBe(202);
  return (await response.json()) as WireJson;
}

export async function json(response: Response | Promise<Response>): Promise<WireJson> {
  return (await (await response).json()) as WireJson;
}

/** Takes the jobs of `csv-count`, as a worker would, until it is drained or the test is over. */
export function work(
  api: TestApi,
  execute: (attempt: Attempt) => Promise<Outcome>,
  processor = CSV.name,
): Consumer {
  const consumer = api.queue.attempts.consume(
    processor,
    { slots: 4, workerId: "w1", retry: { baseDelayMs: 0, maxDelayMs: 0 } },
    execute,
  );
  onTestFinished(() => consumer.drain(0));
  return consumer;
}

/** An artifact as a processor leaves it. */
export interface MadeFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly isPrimary?: boolean;
  /** Default `plain`. `uncounted`: as older versions left it, without a CRC-32. */
  readonly kept?: "plain" | "gzip" | "uncounted";
}

/** What a processor leaves: artifacts, stored below the attempt's folder. */
export async function completeWithAll(
  api: TestApi,
  attempt: Attempt,
  files: readonly MadeFile[],
): Promise<Outcome> {
  const artifacts: Artifact[] = [];
  for (const { name, bytes, isPrimary = false, kept = "plain" } of files) {
    const key = `${jobFolder(attempt.request.id)}/${attempt.number}-x/${name}`;
    const gzip = await api.store.put(key, chunksOf(kept === "gzip" ? gzipSync(bytes) : bytes));
    artifacts.push({
      ...{ name, key, sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") },
      ...{ mediaType: name.endsWith(".zip") ? "application/zip" : "text/csv", isPrimary },
      ...(kept === "uncounted" ? {} : { crc32: crc32(bytes) }),
      ...(kept === "gzip" ? { gzip } : {}),
    });
  }
  return { kind: "completed", result: { rows: 2 }, artifacts };
}

/** The same with one artifact, as older versions left it. */
export function completeWith(
  api: TestApi,
  attempt: Attempt,
  bytes: Uint8Array,
  name = "out.zip",
): Promise<Outcome> {
  return completeWithAll(api, attempt, [{ name, bytes, isPrimary: true, kept: "uncounted" }]);
}

/** The answer to a POST, with `body` as JSON where there is one. */
export function post(api: TestApi, path: string, body?: unknown): Promise<Response> {
  const url = `${api.url}${path}`;
  if (body === undefined) return fetch(url, { method: "POST" });
  const headers = { "content-type": "application/json" };
  return fetch(url, { method: "POST", body: JSON.stringify(body), headers });
}

/** The job as a client sees it. */
export function readJob(api: TestApi, id: string): Promise<WireJson> {
  return json(fetch(`${api.url}/api/jobs/${id}`));
}

/** Lets one new job run to its end. */
export async function finished(
  api: TestApi,
  execute: (attempt: Attempt) => Promise<Outcome>,
  form?: FormData,
): Promise<WireJson> {
  const { job_id } = await submitted(api, form);
  const consumer = work(api, execute);
  const job = await waitFor(async () => {
    const now = await readJob(api, job_id);
    return now["completed_at"] === null ? undefined : now;
  });
  await consumer.drain(0);
  return job;
}

/** A job that failed for good, by its id. */
export async function failed(api: TestApi, params = "{}"): Promise<string> {
  const outcome: Outcome = { kind: "failed", code: "input_invalid", message: "no", retryable: false };
  return (await finished(api, async () => outcome, formWith("a", { params }))).job_id;
}

/** A job that runs until its attempt is told to stop. */
export async function running(api: TestApi): Promise<{ readonly id: string; readonly consumer: Consumer }> {
  const { job_id } = await submitted(api);
  const started = signal<Attempt>();
  const consumer = work(api, async (attempt): Promise<Outcome> => {
    started.resolve(attempt);
    await new Promise((resolve) => attempt.signal.addEventListener("abort", resolve));
    return { kind: "cancelled" };
  });
  await started.promise;
  return { id: job_id, consumer };
}

/** The manifest of a job that Redis knows. */
export async function manifestOf(api: TestApi, id: string): Promise<Manifest | undefined> {
  const job: Job | undefined = await api.queue.jobs.get(parseJobId(id));
  return readManifest(job?.input.key ?? "", api.store);
}
