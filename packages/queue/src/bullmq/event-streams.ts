import type { Following, FollowOptions, JobFeed, JobId } from "@drover/core";
import type { RedisKeys } from "../redis-keys.js";
import { EventStream, type EventStreamDeps } from "./event-stream.js";

/** The event streams of the queues, one reader for each that anybody follows. */
export class EventStreams implements JobFeed {
  readonly #deps: EventStreamDeps & { readonly keys: RedisKeys };
  readonly #streams = new Map<string, EventStream>();

  constructor(deps: EventStreamDeps & { readonly keys: RedisKeys }) {
    this.#deps = deps;
  }

  follow(processor: string, options: FollowOptions): Promise<Following> {
    return this.#of(processor).follow(options);
  }

  newest(processor: string): Promise<string> {
    return this.#of(processor).newest();
  }

  /** Resolves at the next event of the job, or when the signal aborts. */
  nextEvent(processor: string, id: JobId, signal: AbortSignal): Promise<void> {
    return this.#of(processor).next(id, signal);
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.close();
  }

  #of(processor: string): EventStream {
    const known = this.#streams.get(processor);
    if (known !== undefined) return known;
    const stream = new EventStream(processor, this.#deps.keys.queue(processor, "events"), this.#deps);
    this.#streams.set(processor, stream);
    return stream;
  }
}
