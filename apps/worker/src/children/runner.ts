import type { StopReason } from "@drover/core";
import type { WrittenArtifact } from "@drover/processor-sdk";
import type { ChildUser } from "./child-user.js";
import type { RunMessage, Thrown } from "./messages.js";
import type { ProcessorReports } from "./processor-call.js";

/** One attempt, as a runner takes it. */
export interface RunOptions extends ProcessorReports {
  readonly message: RunMessage;
  /** Makes `message.folder`, which is there already for a child process; called before each use of it. */
  makeFolder(): void;
  /** Makes `message.folder` that of the user of the child process that was chosen; called before it runs. */
  giveFolder(user: ChildUser): Promise<void>;
  /** Longest run, in ms; the clock starts when the processor is called. */
  readonly timeoutMs: number;
  /** Aborted with a `StopReason`. */
  readonly signal: AbortSignal;
  /** Called with what the attempt tried to do after it was over; it was not done. */
  onLate(what: string): void;
}

/** How a run ended. Nothing that the attempt started is left running then. */
export type RunEnd =
  | { readonly kind: "returned"; readonly result: unknown; readonly artifacts: readonly WrittenArtifact[] }
  | { readonly kind: "threw"; readonly thrown: Thrown }
  | { readonly kind: "died"; readonly exitCode: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly kind: "stopped"; readonly reason: StopReason }
  | { readonly kind: "timed_out" }
  | { readonly kind: "out_of_memory" };

/** A living child process. */
export interface ChildStatus {
  /** -1 when it could not be started. */
  readonly pid: number;
  readonly isBusy: boolean;
}

/** Runs the attempts of one processor. */
export interface Runner {
  /** Those that live now; none where attempts run in this process. */
  readonly children: readonly ChildStatus[];
  /** Never rejects. */
  run(task: RunOptions): Promise<RunEnd>;
  /** Resolves when what it has started ahead is ready to run attempts, or has failed. */
  whenWarm(): Promise<void>;
  /** Ends whatever still runs. */
  close(): Promise<void>;
}

/** How long a stopped attempt may take to wind down. */
export interface Graces {
  /** After a timeout or a drain, in ms. */
  readonly stopMs: number;
  /** After a cancel or a lost lease, in ms: all must be gone within 2 s. */
  readonly cancelMs: number;
}

/** What production uses, and what the processor SDK promises. */
export const GRACES: Graces = { stopMs: 5_000, cancelMs: 1_000 };

/** Why a run is being stopped before it ended by itself. */
export type StopCause = Extract<RunEnd, { kind: "stopped" | "timed_out" | "out_of_memory" }>;

/** Returns the time between the order to stop and the kill, in ms. */
export function graceMs(graces: Graces, cause: StopCause): number {
  if (cause.kind === "out_of_memory") return 0;
  return cause.kind === "timed_out" || cause.reason === "drained" ? graces.stopMs : graces.cancelMs;
}

/**
 * Whether a result counts that was complete before the processor knew of the stop. After a cancel or a lost
 * lease none does: the cancel was promised, and an attempt without its lease publishes nothing.
 */
export function acceptsLateResult(cause: StopCause): boolean {
  return cause.kind === "timed_out" || (cause.kind === "stopped" && cause.reason === "drained");
}
