import { once } from "node:events";
import { type BenchProcess, startProcess } from "./bench-process.js";
import { cpuTimeMs } from "./cpu-time.js";
import type { Sample } from "./rounds.js";

/** What a load process is asked to do. */
export interface Load {
  readonly url: string;
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the body, as base64. */
  readonly body?: string;
  readonly seconds: number;
  readonly connections: number;
}

interface LoadReply {
  readonly requests: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly mistake: string | undefined;
}

/** Sends load from a process of its own, so that it takes no time from what measures. */
export class LoadGenerator {
  readonly #process: BenchProcess;

  private constructor(process: BenchProcess) {
    this.#process = process;
  }

  static async start(): Promise<LoadGenerator> {
    return new LoadGenerator(await startProcess("load"));
  }

  /**
   * @param server the process whose processor time counts.
   * @throws when any answer was not a 2xx.
   */
  async run(load: Load, server: number): Promise<Sample> {
    await this.#send({ ...load, seconds: 1 }); // warm-up
    const before = cpuTimeMs(server);
    const reply = await this.#send(load);
    const after = cpuTimeMs(server);
    if (reply.mistake !== undefined) throw new Error(`${load.url}: ${reply.mistake}`);
    return {
      perSecond: reply.requests / reply.seconds,
      p50Ms: reply.p50,
      p99Ms: reply.p99,
      cpuMs: before === undefined || after === undefined ? undefined : (after - before) / reply.requests,
    };
  }

  async #send(load: Load): Promise<LoadReply> {
    const { child } = this.#process;
    child.send(load);
    const ended = new AbortController();
    const onExit = () => ended.abort(new Error("The process that sends load ended by itself."));
    child.once("exit", onExit);
    const [reply] = (await once(child, "message", { signal: ended.signal })) as [LoadReply];
    child.off("exit", onExit);
    return reply;
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}

/** A multipart body with one part named `file`. */
export function multipart(
  content: Buffer,
  filename: string,
): { readonly body: Buffer; readonly headers: Record<string, string> } {
  const boundary = "drover-bench-boundary";
  const head =
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${filename}"\r\n` +
    "Content-Type: application/octet-stream\r\n\r\n";
  return {
    body: Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]),
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
  };
}
