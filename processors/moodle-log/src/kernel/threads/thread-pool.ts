import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { buffersIn, createJobRunner, type JobName, type Jobs } from "./job-runner.js";
import type { ThreadRequest } from "./thread.js";

/** Runs jobs on threads, or in place. Starts when made; `close` ends it and may be called twice. */
export interface Pool {
  /** How many jobs are worth having under way at once. */
  readonly size: number;
  /** Runs a job on a thread that is free, in the order of asking. */
  run<Name extends JobName>(name: Name, request: Jobs[Name]["request"]): Promise<Jobs[Name]["reply"]>;
  /** Runs a job once on every thread, when all before it are done. */
  runOnAll<Name extends JobName>(name: Name, request: Jobs[Name]["request"]): Promise<void>;
  /** Ends the threads at once, whatever they are doing. */
  close(): Promise<void>;
}

/** Runs each job in place: for a small log, which is done before a thread has started. */
export function createInlinePool(): Pool {
  const runner = createJobRunner();
  return {
    size: 1,
    async run(name, request) {
      await new Promise((resolve) => setImmediate(resolve)); // lets a cancel in
      return runner.run(name, request);
    },
    async runOnAll(name, request) {
      runner.run(name, request);
    },
    async close() {
      runner.close();
    },
  };
}

/** Below this many bytes threads take longer to start than they save. */
const THREADS_FROM_BYTES = 6 << 20;
const MOST_THREADS = 4;

/** The pool that suits a text of so many bytes. */
export function createPool(sizeBytes: number): Pool {
  if (sizeBytes < THREADS_FROM_BYTES) return createInlinePool();
  return createThreadPool(Math.max(2, Math.min(MOST_THREADS, availableParallelism())));
}

interface Waiting {
  readonly message: ThreadRequest;
  readonly resolve: (reply: never) => void;
  readonly reject: (error: unknown) => void;
}

/** @param size threads; each has its own memory, so 2 to 4. */
export function createThreadPool(size: number): Pool {
  const threads = Array.from({ length: size }, () => new Thread());
  const queue: Waiting[] = [];
  const next = (thread: Thread): void => {
    const waiting = queue.shift();
    if (waiting === undefined) return;
    thread.ask(waiting.message).then(
      (reply) => {
        waiting.resolve(reply as never);
        next(thread);
      },
      (error) => {
        waiting.reject(error);
        next(thread);
      },
    );
  };
  return {
    size,
    run: (name, request) =>
      new Promise((resolve, reject) => {
        queue.push({ message: { name, request }, resolve, reject });
        const free = threads.find((thread) => thread.isFree);
        if (free !== undefined) next(free);
      }),
    async runOnAll(name, request) {
      await Promise.all(threads.map((thread) => thread.ask({ name, request })));
    },
    async close() {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

/** The code of a thread, which Node reads only as built: under tests this module is its TypeScript source. */
const THREAD = new URL(
  import.meta.url.endsWith(".ts") ? "../../../dist/kernel/threads/thread.js" : "./thread.js",
  import.meta.url,
);

/** One thread, doing one job at a time. */
class Thread {
  readonly #worker = new Worker(THREAD);
  #busy = 0;

  constructor() {
    this.#worker.on("error", () => {}); // each ask hears of it
  }

  get isFree(): boolean {
    return this.#busy === 0;
  }

  async ask(message: ThreadRequest): Promise<unknown> {
    this.#busy++;
    const settled = new AbortController();
    try {
      this.#worker.postMessage(message, buffersIn(message));
      const exit = once(this.#worker, "exit", { signal: settled.signal }).then(() => {
        throw new Error("A thread ended before its work was done.");
      });
      const [reply] = await Promise.race([once(this.#worker, "message", { signal: settled.signal }), exit]);
      return reply;
    } finally {
      this.#busy--;
      settled.abort();
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
