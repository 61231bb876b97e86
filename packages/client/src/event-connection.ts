import { type EventSourceMessage, EventSourceParserStream } from "eventsource-parser/stream";
import { UnexpectedAnswerError, UnreachableError } from "./client-errors.js";
import { type Call, retryTransient, type Server, send, sleep, urlOf } from "./request.js";

/** A stream of events, from where it is to go on. */
export interface StreamCall extends Pick<Call, "params" | "query" | "signal"> {
  /** `id` of the last event that was received. */
  readonly lastId?: string | undefined;
}

export type StreamName = "streamJob" | "streamJobs";

/** One connection of a stream. */
export interface EventConnection {
  /** Ends where the body does, where the connection breaks, and where nothing came for 45 s. */
  readonly messages: AsyncIterable<EventSourceMessage>;
  /** Whether any byte came yet. */
  isHeard(): boolean;
  /** The error for a message that no Drover server sends. */
  unexpected(text: string, cause: unknown): UnexpectedAnswerError;
}

/** A server sends a comment every 15 s: one that misses three is gone, and nobody said so. */
const SILENCE_MS = 45_000;
/** Pause before a stream that ended before its time is asked for again, in ms. */
const PAUSE_MS = 500;

/**
 * Opens a stream once.
 * @returns `undefined` when there is nothing to come back for.
 * @throws as `send` does; `UnexpectedAnswerError` when something else than events comes, `UnreachableError`
 *   when nothing does for 45 s, and the signal's reason.
 */
export async function openEvents(
  server: Server,
  name: StreamName,
  { lastId, ...call }: StreamCall,
): Promise<EventConnection | undefined> {
  const silence = new SilenceTimer(`${server.baseUrl} has sent nothing for ${SILENCE_MS / 1000} s.`);
  const signal = call.signal ? AbortSignal.any([call.signal, silence.signal]) : silence.signal;
  const headers = { accept: "text/event-stream", "last-event-id": lastId };
  try {
    const response = await send(server, name, { ...call, headers, signal });
    const { body } = response;
    const url = urlOf(server, name, call);
    if (response.status === 204 || body === null) {
      silence.stop();
      return undefined;
    }
    if (response.headers.get("content-type")?.startsWith("text/event-stream") !== true)
      throw new UnexpectedAnswerError(response, { url, text: await response.text() });
    return {
      messages: messagesOf(body, silence, call.signal),
      isHeard: () => silence.isBroken,
      unexpected: (text, cause) => new UnexpectedAnswerError(response, { url, text, cause }),
    };
  } catch (error) {
    silence.stop();
    throw error;
  }
}

/**
 * The messages of a stream, which is opened again where it broke off, and goes on there; ends when the server
 * says that there is no more.
 * @param giveUpAfterMs how long to bear with a server that gives no good answer, or never a byte of one.
 */
export async function* resumingMessages(
  server: Server,
  name: StreamName,
  { giveUpAfterMs, ...call }: StreamCall & { readonly giveUpAfterMs: number },
): AsyncGenerator<{ readonly message: EventSourceMessage; readonly connection: EventConnection }> {
  let heardAt = performance.now();
  for (let lastId = call.lastId; ; ) {
    const retry = { giveUpAfterMs, signal: call.signal };
    const connection = await retryTransient(retry, () => openEvents(server, name, { ...call, lastId }));
    if (connection === undefined) return;
    for await (const message of connection.messages) {
      lastId = message.id ?? lastId;
      yield { message, connection };
    }
    if (connection.isHeard()) heardAt = performance.now();
    if (performance.now() - heardAt > giveUpAfterMs)
      throw new UnreachableError(`${server.baseUrl} opens its stream of events and sends none.`);
    await sleep(PAUSE_MS, call.signal);
  }
}

async function* messagesOf(
  body: ReadableStream<Uint8Array>,
  silence: SilenceTimer,
  signal: AbortSignal | undefined,
): AsyncGenerator<EventSourceMessage> {
  const heard = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      silence.breakIt();
      controller.enqueue(chunk);
    },
  });
  const text = body
    .pipeThrough(heard)
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>);
  const reader = text.pipeThrough(new EventSourceParserStream()).getReader();
  try {
    for (;;) {
      const step = await reader.read().catch(() => {
        if (signal?.aborted === true) throw signal.reason;
      });
      if (step === undefined || step.done) return;
      yield step.value;
    }
  } finally {
    silence.stop();
    await reader.cancel().catch(() => {}); // it broke, or was aborted
  }
}

/** Aborts when nothing was heard for `SILENCE_MS`. Runs from its making until `stop`. */
class SilenceTimer {
  readonly #stop = new AbortController();
  readonly #message: string;
  #timer: ReturnType<typeof setTimeout>;
  /** Whether anything was heard. */
  isBroken = false;

  constructor(message: string) {
    this.#message = message;
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  breakIt(): void {
    this.isBroken = true;
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #start(): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#stop.abort(new UnreachableError(this.#message)), SILENCE_MS);
  }
}
