import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "@drover/core";
import type { Redis } from "ioredis";
import { type PatientOptions, patientConnection } from "../redis-connections.js";
import { copiesOf } from "./bullmq-internals.js";

/** A connection without an answer for this long is made anew. */
const SILENCE_LIMIT_MS = 30_000;

/**
 * The connection of one BullMQ worker, and the copies that BullMQ makes of it for blocking reads, so that all
 * can be remade and closed. It watches itself from `watch` to `close`: what a network swallows without a
 * word, no error event tells.
 */
export class WorkerConnection {
  readonly client: Redis;
  readonly #log: Log;
  readonly #copies: readonly Redis[];
  #lastAnswerAt = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(url: string, log: Log, options: PatientOptions) {
    this.#log = log;
    this.client = patientConnection(url, log, options);
    this.#copies = copiesOf(this.client);
  }

  watch(): void {
    this.#timer = setInterval(() => void this.#look(), SILENCE_LIMIT_MS / 6);
  }

  close(): void {
    clearInterval(this.#timer);
    const open = [this.client, ...this.#copies].filter(({ status }) => status !== "end");
    for (const connection of open) connection.disconnect(); // one that has ended would keep a timer for 2 s
  }

  async #look(): Promise<void> {
    if (this.client.status !== "ready") {
      this.#lastAnswerAt = performance.now(); // being remade already
      return;
    }
    const answer = this.client.ping().then(() => {
      this.#lastAnswerAt = performance.now();
    });
    await Promise.race([answer.catch(() => {}), sleep(SILENCE_LIMIT_MS / 6)]);
    if (performance.now() - this.#lastAnswerAt < SILENCE_LIMIT_MS) return;
    this.#log.warn("no answer from Redis for 30 s; connecting anew");
    for (const connection of [this.client, ...this.#copies]) connection.disconnect(true);
  }
}
