import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { StopReason } from "@drover/core";
import { type ProcessEntry, ProcessTree } from "@drover/process-guard";
import { cutPaths } from "../attempts/client-text.js";
import { ChildOutput } from "./child-output.js";
import { type ChildProcessor, type ChildSupport, spawnChild } from "./child-spawn.js";
import { type FromChild, MAX_LOG_LINES, parseFromChild, type ToChild } from "./messages.js";
import { acceptsLateResult, graceMs, type RunEnd, type RunTask, type StopCause } from "./runner.js";

interface Run {
  readonly task: RunTask;
  readonly settle: (end: RunEnd) => void;
  outputLines: number;
  isHeapExhausted: boolean;
  cause?: StopCause;
  killTimer?: NodeJS.Timeout;
}

/**
 * One child process of a processor: spawned as the leader of a session and group of its own, used for one attempt at a time, ended by `end()`.
 *
 * Whatever way a run ends except by returning, the child and all that it started are gone before `run()` resolves. After a return,
 * processes that were left behind are looked for, and if there are any, everything is killed as well. Nothing of this needs the child to
 * cooperate; its event loop may be blocked for ever.
 */
export class Child {
  readonly #process: ChildProcess;
  readonly #processor: ChildProcessor;
  readonly #support: ChildSupport;
  readonly #tree: ProcessTree;
  readonly #outputs: readonly ChildOutput[];
  readonly #stopLooking: () => void;
  #onReady = () => {};
  #run: Run | undefined;
  #attempts = 0;
  #isUsable = true;
  #isBusy = false;
  /** Why it is not as it was before its first attempt. */
  #unclean: string | undefined;
  #onQuiet = (_unquiet: string | null) => {};
  /** Hear of what the attempt of a number does after it is over. */
  readonly #onLate = new Map<number, (what: string) => void>();
  #isEnding = false;
  /** What it printed while it loaded, for the log if it fails to. */
  #loadOutput: string[] | undefined = [];
  /** Resolves when the process is gone and what it said was read. */
  readonly exited: Promise<void>;
  /** Resolves to whether the processor was loaded. */
  readonly ready: Promise<boolean>;

  constructor(support: ChildSupport, processor: ChildProcessor) {
    this.#support = support;
    this.#processor = processor;
    const mark = support.nextMark();
    const { orphans, keeper } = support;
    this.#process = spawnChild(support, processor, mark);
    this.#tree = new ProcessTree({ leader: this.#process.pid ?? -1, mark, orphans, keeper });
    this.#stopLooking = support.sampler.add((table) => this.#look(table));
    this.exited = this.#whenExited();
    this.ready = this.#whenReady();
    this.#process.on("message", (value) => this.#onMessage(parseFromChild(value)));
    const { stdout, stderr } = this.#process;
    this.#outputs = [
      new ChildOutput(stdout, (line) => this.#onOutput("info", line)),
      new ChildOutput(stderr, (line) => this.#onOutput("warn", line)),
    ];
  }

  /** Whether it may run another attempt. */
  get isReusable(): boolean {
    return this.#isUsable && this.isClean && this.#attempts < this.#maxAttempts;
  }

  /** Whether nothing of its attempts is left in it, as far as is known. */
  get isClean(): boolean {
    return this.#unclean === undefined;
  }

  get wasUsed(): boolean {
    return this.#attempts > 0;
  }

  get #maxAttempts(): number {
    return this.#processor.isolation === "fresh" ? 1 : this.#support.maxAttempts;
  }

  /** Runs one attempt; the child must be ready and run no other. */
  async run(task: RunTask): Promise<RunEnd> {
    this.#attempts += 1;
    this.#isBusy = true;
    this.#onLate.set(this.#attempts, task.onLate);
    const quiet = new Promise<string | null>((resolve) => {
      this.#onQuiet = resolve;
    });
    const endSampling = this.#support.sampler.begin();
    const timer = setTimeout(() => this.#stop({ kind: "timed_out" }), task.timeoutMs);
    const onAbort = () => this.#stop({ kind: "stopped", reason: task.signal.reason as StopReason });
    task.signal.addEventListener("abort", onAbort);
    const isRead = Promise.all(this.#outputs.map((output) => output.nextEnd()));
    const end = await new Promise<RunEnd>((settle) => {
      this.#run = { task, settle, outputLines: 0, isHeapExhausted: false };
      this.#send(task.message);
      if (!this.#isUsable) this.#onGone(this.#run); // it ended since the pool looked
      if (task.signal.aborted) onAbort();
    });
    task.signal.removeEventListener("abort", onAbort);
    clearTimeout(timer);
    clearTimeout(this.#run?.killTimer);
    await Promise.race([isRead, this.exited, sleep(READ_WAIT_MS, undefined, { ref: false })]);
    this.#run = undefined;
    endSampling();
    if (end.kind !== "returned" || !(await this.#isAsBefore(quiet))) await this.end();
    this.#isBusy = false;
    return end;
  }

  /** Whether it may run another attempt after one that returned. */
  async #isAsBefore(quiet: Promise<string | null>): Promise<boolean> {
    if (!this.isReusable) return false;
    const noAnswer = sleep(QUIET_WAIT_MS, "does not answer", { ref: false });
    const [unquiet, hasOthers] = await Promise.all([
      Promise.race([quiet, this.exited.then(() => null), noAnswer]),
      this.#tree.hasOthers(),
    ]);
    const leftover = hasOthers ? "left a process" : unquiet;
    if (leftover !== null) this.#markUnclean(leftover);
    return this.isReusable;
  }

  #markUnclean(reason: string): void {
    if (!this.isClean) return;
    this.#unclean = reason;
    const processor = this.#processor.name;
    this.#support.log.info("A child process is not used again: its attempt left it unlike before", {
      processor,
      reason,
    });
  }

  /** Kills the child and everything that it started; resolves when all are gone. Twice is fine. */
  async end(): Promise<void> {
    this.#isUsable = false;
    this.#isEnding = true;
    this.#stopLooking();
    await this.#tree.kill();
    await Promise.race([this.exited, sleep(EXIT_WAIT_MS, undefined, { ref: false })]);
  }

  #whenReady(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#onReady = () => {
        this.#loadOutput = undefined;
        resolve(true);
      };
      void this.exited.then(() => resolve(false));
    });
  }

  /** The process is gone and what it had said was read, or a descendant still holds its pipes and `READ_WAIT_MS` passed. */
  #whenExited(): Promise<void> {
    return new Promise((resolve) => {
      const gone = () => {
        this.#isUsable = false;
        if (this.#run !== undefined) this.#onGone(this.#run);
        if (this.#loadOutput !== undefined && !this.#isEnding) this.#reportFailedLoad(this.#loadOutput);
        resolve();
        void this.end(); // at once: the number of a process that is gone may soon be another's
      };
      this.#process.once("exit", () => {
        this.#isUsable = false;
        const timer = setTimeout(gone, READ_WAIT_MS);
        this.#process.once("close", () => {
          clearTimeout(timer);
          gone();
        });
      });
      this.#process.on("error", () => {
        if (this.#process.pid === undefined) gone(); // not even started: out of memory or of process numbers
      });
    });
  }

  #reportFailedLoad(output: readonly string[]): void {
    const processor = this.#processor.name;
    this.#support.log.error("A child process ended before it had loaded its processor", {
      processor,
      output,
    });
  }

  #onGone(run: Run): void {
    const { exitCode, signalCode } = this.#process;
    if (run.cause !== undefined) run.settle(run.cause);
    else if (run.isHeapExhausted) run.settle({ kind: "out_of_memory" });
    else run.settle({ kind: "died", exitCode, signal: signalCode });
  }

  #onMessage(message: FromChild | undefined): void {
    if (message?.type === "ready") this.#onReady();
    else if (message?.type === "quiet") this.#onQuiet(message.unquiet);
    else if (message?.type === "late") this.#onLateEffect(message.attempt, message.what);
    const run = this.#run;
    if (run === undefined || message === undefined) return;
    if (message.type === "progress") run.task.onProgress(message.percent, message.stage, message.message);
    else if (message.type === "log") run.task.onLog(message.level, message.message);
    else if (message.type === "threw") run.settle(run.cause ?? { kind: "threw", thrown: message.thrown });
    else if (message.type === "returned") run.settle(returnedEnd(message, run.cause));
  }

  /** Nobody's attempt is harmed by it: the process did not do it. But it does not run another one. */
  #onLateEffect(attempt: number, what: string): void {
    this.#onLate.get(attempt)?.(what);
    this.#markUnclean("an attempt went on after it was over");
    if (!this.#isBusy) void this.end();
  }

  /** The first cause wins, except over one whose grace is longer: a cancel does not wait for the end of a drain. */
  #stop(cause: StopCause): void {
    const run = this.#run;
    if (run === undefined || (run.cause !== undefined && this.#graceMs(cause) >= this.#graceMs(run.cause)))
      return;
    run.cause = cause;
    clearTimeout(run.killTimer);
    this.#send({ type: "stop" });
    this.#tree.signal("SIGTERM");
    run.killTimer = setTimeout(() => void this.end().then(() => run.settle(cause)), this.#graceMs(cause));
  }

  #graceMs(cause: StopCause): number {
    return graceMs(this.#support.graces, cause);
  }

  #look(table: readonly ProcessEntry[]): void {
    const family = this.#tree.observe(table);
    if (this.#run !== undefined && family.rssBytes > this.#processor.maxRssBytes) {
      this.#stop({ kind: "out_of_memory" });
    } else if (!this.#isBusy && this.wasUsed && family.members.length > 1) {
      void this.end(); // something that had hidden from the look at the end of an attempt
    }
  }

  #onOutput(level: "info" | "warn", line: string): void {
    if (this.#loadOutput !== undefined && this.#loadOutput.length < 20) this.#loadOutput.push(line);
    const run = this.#run;
    if (run === undefined) return;
    if (line.includes("JavaScript heap out of memory")) run.isHeapExhausted = true;
    run.outputLines += 1;
    if (run.outputLines <= MAX_LOG_LINES) run.task.onLog(level, cutPaths(line));
  }

  #send(message: ToChild): void {
    if (this.#process.connected) this.#process.send(message, () => {}); // an error is a child that ended: its exit tells
  }
}

/** How long a killed child is waited for, in ms: one in an uninterruptible system call must not hold its slot for ever. */
const EXIT_WAIT_MS = 1_000;

/** How long a child may take to say whether it is as before, in ms: one whose event loop is blocked never does. */
const QUIET_WAIT_MS = 500;

/** How long the pipes of a child are read on after an attempt ended, in ms, while they are not known to be empty. */
const READ_WAIT_MS = 100;

function returnedEnd(
  message: Extract<FromChild, { type: "returned" }>,
  cause: StopCause | undefined,
): RunEnd {
  if (cause !== undefined && (message.wasStopped || !acceptsLateResult(cause))) return cause;
  return { kind: "returned", result: message.result, artifacts: message.artifacts };
}
