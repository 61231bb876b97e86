import { type FailureCode, isRetryable, type Outcome, type StopReason } from "@drover/core";
import type { Thrown } from "../children/messages.js";
import { clientText, hideFolders } from "./client-text.js";

export type Failed = Extract<Outcome, { kind: "failed" }>;

/** Longest message of a failure, in characters. */
const MAX_MESSAGE_LENGTH = 1_000;

/** Every control character but the line feed: they may steer the terminal of whoever reads the message. */
const CONTROL = /[^\P{Cc}\n]+/gu;

/**
 * Returns a failed outcome: retryable as its code is unless `options` say otherwise, its message cut at 1,000
 * characters, without control characters.
 */
export function failed(code: FailureCode, message: string, options: Partial<Failed> = {}): Failed {
  const shown = message.replaceAll(CONTROL, " ").slice(0, MAX_MESSAGE_LENGTH);
  return { kind: "failed", code, message: shown, retryable: isRetryable(code), ...options };
}

/** Returns the outcome of a stopped attempt. After a lost lease none is recorded: "released" claims least. */
export function outcomeOfStop(reason: StopReason): Outcome {
  return reason === "cancelled" ? { kind: "cancelled" } : { kind: "released" };
}

/**
 * Returns the failure that a processor threw, in words for clients: `folders` of this machine are cut from
 * them.
 */
export function outcomeOfThrown(thrown: Thrown, folders: readonly string[]): Failed {
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

/** How a process ended: by its exit code, by a signal, or `null` for both when it did not start. */
export function describeDeath(exitCode: number | null, signal: NodeJS.Signals | null): string {
  if (exitCode !== null) return `The processor's process ended with exit code ${exitCode}.`;
  if (signal !== null) return `The processor's process was ended by signal ${signal}.`;
  return "The processor's process could not be started.";
}
