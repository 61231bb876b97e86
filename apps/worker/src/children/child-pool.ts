import { Child } from "./child.js";
import type { ChildStatus, RunEnd, Runner, RunOptions } from "./runner.js";
import type { ChildProcessor, ChildSupport } from "./spawned-child.js";

/** The longest a child may take to load its processor, in ms. */
const LOAD_TIMEOUT_MS = 60_000;

/**
 * The children of one processor. As many as `warmChildren` are started ahead and after each loss, so that an
 * attempt seldom waits for a process to start; more come as more attempts run at a time (the consumer's slots
 * bound that) and stay for reuse. Where children are not used again, because the processor asks for it or has
 * left one unclean, as many wait beside those that run. Ends with `close()`.
 */
export class ChildPool implements Runner {
  readonly #support: ChildSupport;
  readonly #processor: ChildProcessor;
  readonly #warmChildren: number;
  readonly #idle: Child[] = [];
  readonly #all = new Set<Child>();
  #keepsSpare: boolean;
  #isClosed = false;

  /** @param processor `warmChildren`: 1 or more; default 1. */
  constructor(support: ChildSupport, processor: ChildProcessor & { readonly warmChildren?: number }) {
    this.#support = support;
    this.#processor = processor;
    this.#warmChildren = processor.warmChildren ?? 1;
    this.#keepsSpare = processor.isolation === "fresh";
  }

  /** Starts children ahead of need. */
  warm(): void {
    const living = this.#keepsSpare ? this.#idle : [...this.#all].filter((child) => !child.isEnding);
    if (this.#isClosed) return;
    for (let have = living.length; have < this.#warmChildren; have++) this.#idle.push(this.#spawn());
  }

  get children(): readonly ChildStatus[] {
    return [...this.#all];
  }

  async whenWarm(): Promise<void> {
    await Promise.all(this.#idle.map((child) => child.ready));
  }

  async run(options: RunOptions): Promise<RunEnd> {
    const child = this.#take();
    if (!child.isReady && !(await isLoaded(child, options.signal))) {
      await child.end();
      if (options.signal.aborted) return { kind: "stopped", reason: options.signal.reason };
      return { kind: "died", exitCode: null, signal: null };
    }
    if (this.#keepsSpare) this.warm();
    if (child.user !== undefined) await options.giveFolder(child.user);
    const end = await child.run(options);
    if (!child.isClean) this.#keepsSpare = true;
    if (child.isReusable && !this.#isClosed) this.#idle.push(child);
    else {
      const ended = child.end();
      this.warm();
      await ended;
    }
    return end;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#all].map((child) => child.end()));
  }

  #take(): Child {
    let child = this.#idle.pop();
    while (child !== undefined && !child.isReusable) child = this.#idle.pop();
    return child ?? this.#spawn();
  }

  #spawn(): Child {
    const child = new Child(this.#support, this.#processor);
    this.#all.add(child);
    void child.exited.then(() => {
      this.#all.delete(child);
      const place = this.#idle.indexOf(child);
      if (place < 0) return;
      this.#idle.splice(place, 1);
      if (child.wasUsed) this.warm(); // one that ends while it loads would end again
    });
    return child;
  }
}

async function isLoaded(child: Child, signal: AbortSignal): Promise<boolean> {
  let cleanUp = () => {};
  const givenUp = new Promise<false>((resolve) => {
    const giveUp = () => resolve(false);
    const timer = setTimeout(giveUp, LOAD_TIMEOUT_MS);
    signal.addEventListener("abort", giveUp);
    if (signal.aborted) giveUp();
    cleanUp = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    };
  });
  return Promise.race([child.ready, givenUp]).finally(() => cleanUp());
}
