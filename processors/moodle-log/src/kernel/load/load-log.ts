import type { Pool } from "../threads/thread-pool.js";
import { LogStore } from "./log-store.js";
import type { SegmentRequest, TextSource } from "./segment.js";
import { ThreadNumbers } from "./thread-numbers.js";

/**
 * A stretch: large enough that a row in two is rare, small enough that the last ones are spread over all
 * threads.
 */
const SEGMENT_BYTES = 2 << 20;

/** How a text is loaded. */
export interface LoadOptions {
  readonly signal: AbortSignal;
  /** Called with the bytes loaded so far. */
  readonly onBytes: (bytes: number) => void;
  /** Bytes of a stretch. Default 2 MiB. */
  readonly segmentBytes?: number;
}

/**
 * Loads all rows of a text on the threads of a pool.
 *
 * The text is cut at fixed bytes; each stretch guesses where its first row starts. The stretches are then
 * joined in order: the end of one, which is known, must be the start of the next, and a stretch that guessed
 * wrong is loaded again from the known place. So the result is that of one reader going from the first byte
 * to the last.
 */
export async function loadLog(pool: Pool, source: TextSource, options: LoadOptions): Promise<LogStore> {
  await pool.runOnAll("openText", source);
  const store = new LogStore(source.layout.firstLine);
  const threads = new Map<number, ThreadNumbers>();
  const load = async (request: SegmentRequest) => {
    const segment = await pool.run("load", request);
    const thread = threads.get(segment.thread) ?? new ThreadNumbers();
    threads.set(segment.thread, thread);
    store.learn(segment, thread);
    return { segment, thread };
  };
  let expected = Math.min(source.layout.dataStart, source.sizeBytes);
  const requests = requestsFor(expected, source.sizeBytes, options.segmentBytes ?? SEGMENT_BYTES);
  const underWay: ReturnType<typeof load>[] = [];
  for (let done = 0; done < requests.length; done++) {
    options.signal.throwIfAborted();
    while (underWay.length < done + pool.size * 2 && underWay.length < requests.length) {
      const loading = load(requests[underWay.length] as SegmentRequest);
      loading.catch(() => {}); // heard when its turn comes, unless the load is given up before
      underWay.push(loading);
    }
    const { to } = requests[done] as SegmentRequest;
    let loaded = await (underWay[done] as ReturnType<typeof load>);
    delete underWay[done];
    if (expected >= to) continue;
    if (loaded.segment.start !== expected) loaded = await load({ from: expected, to, isExact: true });
    store.add(loaded.segment, loaded.thread);
    expected = loaded.segment.end;
    options.onBytes(expected);
  }
  store.finish();
  return store;
}

function requestsFor(start: number, size: number, bytes: number): SegmentRequest[] {
  const requests: SegmentRequest[] = [];
  for (let from = start; from < size; from += bytes) {
    // A row that starts right at the cut belongs to the stretch before: the one after looks for a line break
    // first.
    requests.push({ from, to: Math.min(from + bytes + 1, size), isExact: from === start });
  }
  return requests;
}
