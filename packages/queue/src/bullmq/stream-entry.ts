import { isJobId, type JobChange, type JobStatus, type Progress } from "@drover/core";
import { isNumber, isObject } from "../record-checks.js";
import { CANCELLED } from "./failed-reason.js";
import { decodeLogLine } from "./job-history.js";

/** An entry of a Redis stream: its id, and names and values in turn. */
export type StreamEntry = readonly [id: string, fields: readonly string[]];

const POSITION = /^\d{1,16}-\d{1,16}$/;

/** Whether the text is an id of a stream's entry. */
export function isPosition(text: string): boolean {
  return POSITION.test(text);
}

/** Negative when the first of two ids comes before the second, 0 for the same, else positive. */
export function comparePositions(a: string, b: string): number {
  const [aMs, aNumber] = a.split("-");
  const [bMs, bNumber] = b.split("-");
  return Number(aMs) - Number(bMs) || Number(aNumber) - Number(bNumber);
}

/** The job that an entry is about; `undefined` for none. */
export function jobOf([, fields]: StreamEntry): string | undefined {
  return fieldOf(fields, "jobId");
}

const STATUSES: Readonly<Record<string, JobStatus>> = {
  waiting: "queued",
  delayed: "queued",
  active: "running",
  completed: "completed",
  failed: "failed",
};

/** What an entry of a queue's event stream tells; `undefined` for what followers need not know. */
export function decodeEntry(processor: string, entry: StreamEntry): JobChange | undefined {
  const [position, fields] = entry;
  const jobId = jobOf(entry);
  if (jobId === undefined || !isJobId(jobId)) return undefined;
  const change = { position, processor, jobId, at: Number(position.split("-")[0]) };
  const event = fieldOf(fields, "event") ?? "";
  const status = STATUSES[event];
  if (status !== undefined) {
    const isCancelled = event === "failed" && fieldOf(fields, "failedReason") === CANCELLED;
    return { ...change, type: "status", status: isCancelled ? "cancelled" : status };
  }
  if (event === "removed") return { ...change, type: "removed" };
  const data = parse(fieldOf(fields, "data"));
  if (event === "progress") {
    const told = decodeProgress(data);
    return told && { ...change, type: "progress", ...told };
  }
  if (event !== "log" || !Array.isArray(data)) return undefined;
  const lines = data.flatMap(decodeLogLine);
  return lines.length === 0 ? undefined : { ...change, type: "log", lines };
}

function decodeProgress(value: unknown): { attempt: number; progress: Progress } | undefined {
  if (!isObject(value)) return undefined;
  const { attempt, percent, stage, message } = value;
  if (!isNumber(attempt, 1, Number.MAX_SAFE_INTEGER) || !isNumber(percent, 0, 100)) return undefined;
  const textOrNull = (text: unknown) => (typeof text === "string" ? text : null);
  return { attempt, progress: { percent, stage: textOrNull(stage), message: textOrNull(message) } };
}

function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
  return undefined;
}

function parse(json = ""): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // nothing that our scripts wrote
  }
}
