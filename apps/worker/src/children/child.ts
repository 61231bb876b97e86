import { setTimeout as sleep } from "node:timers/promises";
import { type Family, ProcessTree } from "@drover/process-guard";
import { ChildRun } from "./child-run.js";
import type { ChildUser } from "./child-user.js";
import type { FromChild } from "./messages.js";
import type { RunEnd, RunOptions } from "./runner.js";
import { type ChildProcessor, type ChildSupport, SpawnedChild } from "./spawned-child.js";

/** Reports of one child about attempts that are over which are heeded; it sends a few for each. */
const MAX_LATE = 100;
/** Longest wait for a killed child, in ms: one in an uninterruptible system call must not hold its slot. */
const EXIT_WAIT_MS = 1_000;
/**
 * The longest wait for a child to say what an attempt left behind, in ms: with a blocked event loop it never
 * does.
 */
const CHECK_WAIT_MS = 500;

/**
 * One child process of a processor: the leader of a session and group of its own, used for one attempt at a
 * time. Starts when it is constructed, ends with `end()`, or when the process exits.
 *
 * However a run ends, except by returning, the child and all that it started are gone before `run()`
 * resolves. After a return, processes that were left behind are looked for, and if there are any, everything
 * is killed as well. Nothing of this needs the child to cooperate; its event loop may be blocked for ever.
 */
export class Child {
  readonly #process: SpawnedChild;
  readonly #processor: ChildProcessor;
  readonly #support: ChildSupport;
  readonly #tree: ProcessTree;
  readonly #stopWatching: () => void;
  #run: ChildRun | undefined;
  #attempts = 0;
  #isUsable = true;
  #isBusy = false;
  /** Why it is not as it was before its first attempt. */
  #leftover: string | undefined;
  /** What the child says that the latest attempt left in it, `null` for nothing; `undefined` until it says so. */
  #checked: string | null | undefined;
  #onChecked = (_leftover: string | null) => {};
  /** By the number of an attempt: called with what it does after it is over. */
  readonly #onLate = new Map<number, (what: string) => void>();
  #late = 0;
  #isEnding = false;
  constructor(support: ChildSupport, processor: ChildProcessor) {
    this.#support = support;
    this.#processor = processor;
    const mark = support.nextMark();
    const { orphans, registry: keeper } = support;
    this.#process = new SpawnedChild(support, processor, {
      mark,
      onMessage: (message) => this.#onMessage(message),
      onOutput: (level, line) => this.#run?.onOutput(level, line),
      onExit: () => {
        this.#isUsable = false;
      },
      onGone: () => this.#onGone(),
    });
    this.#tree = new ProcessTree({ leader: this.#process.pid, mark, orphans, keeper });
    this.#stopWatching = support.sampler.add(this.#tree, (family) => this.#onSample(family));
  }

  /** Resolves when the process is gone and what it said was read. */
  get exited(): Promise<void> {
    return this.#process.exited;
  }

  /** Resolves to whether the processor was loaded. */
  get ready(): Promise<boolean> {
    return this.#process.ready;
  }

  /** Whether it waits for its first attempt or a further one, without anything left to load. */
  get isReady(): boolean {
    return this.#process.loadOutput === undefined;
  }

  /** Whether it may run another attempt. */
  get isReusable(): boolean {
    return this.#isUsable && this.isClean && this.#attempts < this.#maxAttempts;
  }

  /** Whether nothing of its attempts is left in it, as far as is known. */
  get isClean(): boolean {
    return this.#leftover === undefined;
  }

  /** Whether it was told to end. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** The user that it runs as; `undefined` for the worker's own. */
  get user(): ChildUser | undefined {
    return this.#process.user;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Whether it runs an attempt. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  get wasUsed(): boolean {
    return this.#attempts > 0;
  }

  get #maxAttempts(): number {
    return this.#processor.isolation === "fresh" ? 1 : this.#support.maxAttempts;
  }

  /** Runs one attempt; the child must be ready and run no other. */
  async run(options: RunOptions): Promise<RunEnd> {
    this.#attempts += 1;
    this.#isBusy = true;
    this.#onLate.set(this.#attempts, options.onLate);
    this.#checked = undefined;
    const endSampling = this.#support.sampler.begin();
    const run = this.#newRun(options);
    this.#process.endLines(); // what was printed between two attempts is of none
    this.#run = run;
    if (!this.#isUsable) this.#tellExit(run); // it ended since the pool took it
    const end = await run.start();
    await this.#process.outputsRead();
    this.#run = undefined;
    endSampling();
    if (end.kind !== "returned" || !(await this.#isAsBefore())) await this.end();
    this.#isBusy = false;
    return end;
  }

  #newRun(options: RunOptions): ChildRun {
    return new ChildRun(options, {
      graces: this.#support.graces,
      send: (message) => this.#process.send(message),
      signal: (name) => this.#tree.signal(name),
      end: () => this.end(),
    });
  }

  /** Whether it may run another attempt after one that returned. */
  async #isAsBefore(): Promise<boolean> {
    if (!this.isReusable) return false;
    const leftover = (await this.#tree.hasOthers()) ? "left a process" : await this.#leftInside();
    if (leftover !== null) this.#markUnclean(leftover);
    return this.isReusable;
  }

  async #leftInside(): Promise<string | null> {
    if (this.#checked !== undefined) return this.#checked; // it came with the result
    const checked = new Promise<string | null>((resolve) => {
      this.#onChecked = resolve;
    });
    const noAnswer = sleep(CHECK_WAIT_MS, "does not answer", { ref: false });
    return Promise.race([checked, this.exited.then(() => null), noAnswer]);
  }

  #markUnclean(reason: string): void {
    if (!this.isClean) return;
    this.#leftover = reason;
    const processor = this.#processor.name;
    this.#support.log.info("A child process is not used again: its attempt left it unlike before", {
      processor,
      reason,
    });
  }

  /** Kills the child and everything that it started; resolves when all are gone. May be called twice. */
  async end(): Promise<void> {
    this.#isUsable = false;
    this.#isEnding = true;
    this.#stopWatching();
    await this.#tree.kill();
    await Promise.race([this.exited, sleep(EXIT_WAIT_MS, undefined, { ref: false })]);
  }

  #onGone(): void {
    const { loadOutput: output } = this.#process;
    this.#isUsable = false;
    if (this.#run !== undefined) this.#tellExit(this.#run);
    if (output !== undefined && !this.#isEnding) {
      const processor = this.#processor.name;
      this.#support.log.error("A child process ended before it had loaded its processor", {
        processor,
        output,
      });
    }
    const { user } = this;
    // At once: the number of a process that is gone may soon be another's.
    void this.end().then(() => user !== undefined && this.#support.users?.giveBack(user));
  }

  #tellExit(run: ChildRun): void {
    const { exitCode, signalCode } = this.#process.exit;
    run.onExit(exitCode, signalCode);
  }

  #onMessage(message: FromChild): void {
    if (message.type === "checked") this.#setChecked(message.leftover);
    else if (message.type === "late") this.#onLateEffect(message.attempt, message.what);
    else {
      if (message.type === "returned" && message.isClean === true) this.#setChecked(null);
      this.#run?.onMessage(message);
    }
  }

  #setChecked(leftover: string | null): void {
    this.#checked = leftover;
    this.#onChecked(leftover);
  }

  /** No other attempt is harmed: the process did not do it. But it does not run another one. */
  #onLateEffect(attempt: number, what: string): void {
    this.#late += 1;
    if (this.#late > MAX_LATE) return;
    this.#onLate.get(attempt)?.(what);
    this.#markUnclean("an attempt went on after it was over");
    if (!this.#isBusy) void this.end();
  }

  #onSample(family: Family): void {
    if (this.#run !== undefined && family.rssBytes > this.#processor.maxRssBytes) {
      this.#run.stop({ kind: "out_of_memory" });
    } else if (!this.#isBusy && this.wasUsed && family.members.length > 1) {
      void this.end(); // something that was not found at the end of an attempt
    }
  }
}
