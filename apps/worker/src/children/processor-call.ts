import { inspect } from "node:util";
import type { LogLevel } from "@drover/core";
import { InputInvalidError, type Processor, runAttempt, TryLaterError } from "@drover/processor-sdk";
import {
  type FromChild,
  MAX_RESULT_BYTES,
  MAX_STACK_LENGTH,
  type RunMessage,
  type Thrown,
} from "./messages.js";

/** What a processor reports while it runs. */
export interface ProcessorReports {
  onProgress(percent: number, stage: string | null, message: string | null): void;
  onLog(level: LogLevel, message: string): void;
}

type Settled = Extract<FromChild, { type: "returned" | "threw" }>;

/**
 * Runs one attempt in this process: in the child, or in the worker for an `inProcess` processor. Never
 * rejects.
 */
export async function callProcessor(
  processor: Processor,
  message: RunMessage,
  signal: AbortSignal,
  reports: ProcessorReports & { makeFolder?(): void },
): Promise<Settled> {
  try {
    const parsed = processor.parseParams(message.params);
    if (!parsed.ok) throw new InputInvalidError(`The params do not fit the processor: ${parsed.message}`);
    const { result, artifacts } = await runAttempt(processor, {
      input: message.input,
      params: parsed.params,
      attempt: message.attempt,
      signal,
      folder: message.folder,
      makeFolder: () => reports.makeFolder?.(),
      ...(message.trace === undefined ? {} : { trace: message.trace }),
      onProgress: (percent, stage, text) => reports.onProgress(percent, stage ?? null, text ?? null),
      onLog: (level, text) => reports.onLog(level, text),
    });
    return { type: "returned", result: plainResult(result), artifacts, wasStopped: signal.aborted };
  } catch (error) {
    return { type: "threw", thrown: describeThrown(error) };
  }
}

/**
 * Returns the result as it will be read: without what JSON does not carry.
 * @throws TypeError when it has more than 64 KiB as JSON.
 */
function plainResult(result: unknown): unknown {
  const text = JSON.stringify(result) ?? "null";
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > MAX_RESULT_BYTES) {
    throw new TypeError(
      `The result has ${sizeBytes} bytes as JSON; at most ${MAX_RESULT_BYTES} are kept. Write the rest ` +
        "to an artifact.",
    );
  }
  return JSON.parse(text);
}

function describeThrown(error: unknown): Thrown {
  const { message, ...thrown } = thrownOf(error);
  return {
    ...thrown,
    message: message.slice(0, MAX_STACK_LENGTH),
    stack: thrown.stack.slice(0, MAX_STACK_LENGTH),
  };
}

function thrownOf(error: unknown): Thrown {
  if (!(error instanceof Error)) return { kind: "error", message: String(error), stack: String(error) };
  const stack = inspect(error); // with its causes
  if (isNamed(error, InputInvalidError)) return { kind: "input_invalid", message: error.message, stack };
  if (isNamed(error, TryLaterError)) {
    return { kind: "try_later", message: error.message, stack, afterMs: error.afterMs };
  }
  return { kind: "error", message: messageOf(error), stack };
}

/** By name too: a processor may come with its own copy of the SDK, whose classes are not these. */
function isNamed<E extends Error>(error: Error, kind: new (...args: never[]) => E): error is E {
  return error instanceof kind || error.name === kind.name;
}

/** A failed system call names paths and addresses in its message; its code says enough. */
function messageOf(error: Error): string {
  if ("syscall" in error && "code" in error)
    return `${String(error.syscall)} failed with ${String(error.code)}`;
  return error.message;
}
