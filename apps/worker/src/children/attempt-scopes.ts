import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { inspect } from "node:util";
import { MAX_LOG_LENGTH } from "./messages.js";

/** Effects of an attempt that is over that are reported; further ones are dropped without a word. */
const MAX_LATE = 5;

interface Scope {
  /** 1 for the first attempt of this process. */
  readonly number: number;
  readonly timers: OpenTimers;
  late: number;
}

/** Called with what an attempt did after it was over. */
export type OnLate = (attempt: number, what: string) => void;

/**
 * Tells apart, by async context, what the attempts of one process do, one after the other. What an attempt
 * that is over prints, throws or asks for does not happen and is reported to `onLate`: it can neither end nor
 * mark another attempt.
 *
 * Code that no attempt started (a timer of the processor's module) belongs to the running attempt, as if it
 * had done it.
 */
export class AttemptScopes {
  readonly #storage = new AsyncLocalStorage<Scope>();
  readonly #onLate: OnLate;
  #last: Scope = { number: 0, timers: new OpenTimers(), late: 0 };
  #isRunning = false;

  constructor(onLate: OnLate) {
    this.#onLate = onLate;
  }

  /** Runs one attempt in a context of its own; it is over when `work` settles. */
  async run<Result>(work: (isOver: (what: string) => boolean) => Promise<Result>): Promise<Result> {
    const scope: Scope = { number: this.#last.number + 1, timers: new OpenTimers(), late: 0 };
    this.#last = scope;
    this.#isRunning = true;
    try {
      return await this.#storage.run(scope, () => work((what) => this.#isLate(scope, what)));
    } finally {
      this.#isRunning = false;
    }
  }

  /** How many timers of the last attempt may still fire. */
  get openTimers(): number {
    return this.#last.timers.count();
  }

  /** Watches timers, outputs, uncaught errors and `process.exit` from now on. */
  guard(): void {
    createHook({
      init: (_id, type, _trigger, resource) => {
        if (type === "Timeout") this.#storage.getStore()?.timers.add(resource);
      },
    }).enable();
    for (const stream of [process.stdout, process.stderr]) this.#guardOutput(stream);
    process.on("uncaughtException", (error) => this.#onUncaught(error));
    const exit = process.exit.bind(process);
    process.exit = (code) => {
      const scope = this.#storage.getStore();
      if (scope !== undefined && this.#isLate(scope, `called process.exit(${code ?? ""})`))
        throw new Error("The attempt that called process.exit() is over.");
      return exit(code);
    };
  }

  /** Whether the attempt is over; then what it does is reported to `onLate` and must not be done. */
  #isLate(scope: Scope, what: string): boolean {
    if (this.#isRunning && scope === this.#last) return false;
    scope.late += 1;
    if (scope.late <= MAX_LATE) this.#onLate(scope.number, what.slice(0, MAX_LOG_LENGTH));
    return true;
  }

  #guardOutput(stream: NodeJS.WriteStream): void {
    const write = stream.write.bind(stream);
    const guarded = (chunk: Uint8Array | string, ...rest: [encodingOrDone?: unknown, done?: unknown]) => {
      const scope = this.#storage.getStore();
      const text = () => (typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8"));
      if (scope === undefined || !this.#isLate(scope, `printed ${text()}`))
        return Reflect.apply(write, stream, [chunk, ...rest]);
      const done = rest.find((argument) => typeof argument === "function");
      if (done !== undefined) process.nextTick(done as () => void);
      return true;
    };
    stream.write = guarded as typeof stream.write; // its overloads
  }

  /**
   * Ends the process, as Node does when nobody listens, if the running attempt or the processor's module
   * threw.
   */
  #onUncaught(error: unknown): void {
    const scope = this.#storage.getStore() ?? this.#last;
    if (this.#isLate(scope, `threw ${inspect(error)}`)) return;
    if (process.listenerCount("uncaughtException") > 1) return; // the processor's own listener sees to it
    process.stderr.write(`Uncaught ${inspect(error)}\n`);
    process.exit(1);
  }
}

/**
 * What Node tells an async hook of a timer. `_destroyed` is true once it was cleared or has fired for the
 * last time.
 */
interface Timer {
  readonly _destroyed: boolean;
}

/** Entries that are kept before those of timers that are over are dropped. */
const LEAST_ENTRIES = 1_000;

/**
 * The timers of one attempt that may still fire, those included that keep nothing alive, which Node's own
 * list of active resources leaves out.
 */
export class OpenTimers {
  readonly #timers = new Set<Timer>();
  #pruneAt = LEAST_ENTRIES;

  /** @param resource what the `init` of an async hook is given for the type `Timeout`. */
  add(resource: object): void {
    this.#timers.add(resource as Timer);
    if (this.#timers.size > this.#pruneAt) this.#pruneAt = LEAST_ENTRIES + 2 * this.count();
  }

  count(): number {
    for (const timer of this.#timers) if (timer._destroyed) this.#timers.delete(timer);
    return this.#timers.size;
  }
}
