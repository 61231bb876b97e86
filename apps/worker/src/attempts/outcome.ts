import { type FailureCode, isRetryable, type Outcome, type StopReason } from "@drover/core";
import type { RunEnd } from "../children/runner.js";
import { clientText, hideFolders } from "./client-text.js";

export type Failed = Extract<Outcome, { kind: "failed" }>;

/** Longest message of a failure, in characters. */
const MAX_MESSAGE_LENGTH = 1_000;

/** A failed outcome; retryable as the code says unless told otherwise, its message cut at 1,000 characters. */
export function failed(code: FailureCode, message: string, options: Partial<Failed> = {}): Failed {
  const shown = message.slice(0, MAX_MESSAGE_LENGTH);
  return { kind: "failed", code, message: shown, retryable: isRetryable(code), ...options };
}

/** What a run's end means for the job, except for a return, which is an outcome only after its artifacts were stored. */
export function outcomeOfEnd(
  end: Exclude<RunEnd, { kind: "returned" }>,
  bounds: { readonly timeoutMs: number; readonly maxRssBytes: number; readonly folders: readonly string[] },
): Outcome {
  switch (end.kind) {
    case "threw":
      return outcomeOfThrown(end.thrown, bounds.folders);
    case "died":
      return failed("crashed", describeDeath(end.exitCode, end.signal));
    case "timed_out":
      return failed("timeout", `The attempt took longer than its limit of ${seconds(bounds.timeoutMs)}.`);
    case "out_of_memory":
      return failed(
        "out_of_memory",
        `The attempt used more memory than its limit of ${Math.round(bounds.maxRssBytes / 2 ** 20)} MiB.`,
      );
    case "stopped":
      return outcomeOfStop(end.reason);
  }
}

/** After a lost lease nothing is recorded; "released" is the outcome that claims least. */
export function outcomeOfStop(reason: StopReason): Outcome {
  return reason === "cancelled" ? { kind: "cancelled" } : { kind: "released" };
}

function outcomeOfThrown(
  thrown: Extract<RunEnd, { kind: "threw" }>["thrown"],
  folders: readonly string[],
): Outcome {
  switch (thrown.kind) {
    case "input_invalid":
      return failed("input_invalid", hideFolders(thrown.message, folders));
    case "try_later":
      return failed("processor_error", hideFolders(thrown.message, folders), {
        retryAfterMs: thrown.afterMs ?? 0,
      });
    case "error":
      return failed(
        "processor_error",
        clientText(thrown.message) || "The processor failed without a message.",
      );
  }
}

function describeDeath(exitCode: number | null, signal: NodeJS.Signals | null): string {
  if (exitCode !== null) return `The processor's process ended with exit code ${exitCode}.`;
  if (signal !== null) return `The processor's process was ended by signal ${signal}.`;
  return "The processor's process could not be started.";
}

function seconds(ms: number): string {
  return `${Number((ms / 1_000).toFixed(1))} s`;
}
