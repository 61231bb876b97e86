import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Client, createClient } from "@drover/client";
import { findRedisServer, type RunningRedis, startRedis } from "@drover/embedded-redis";
import { DroverProcess } from "./drover-process.js";
import { type RedisUser, type RedisUsers, redisUsers } from "./redis-users.js";

/**
 * Processors of the tests: `digest` works and says so, `misbehave` misbehaves in the way that is asked for,
 * `noop` is two that do nothing, `flood` says too much, `several` leaves several artifacts, `stamped` says when
 * it reports, `snoop` tries to get at what is not its own, `html-report` writes a page that does.
 */
export type FixtureProcessor =
  | "digest"
  | "misbehave"
  | "noop"
  | "flood"
  | "several"
  | "traced"
  | "stamped"
  | "snoop"
  | "html-report";

/** Returns the module of a processor for DROVER_PROCESSORS. */
export function fixtureModule(name: FixtureProcessor): string {
  return fileURLToPath(new URL(`../fixtures/${name}.mjs`, import.meta.url));
}

export interface SystemOptions {
  readonly apis: number;
  readonly workers: number;
  /** What the workers run; each has a child process from the start. Default: `digest`. */
  readonly processors?: readonly FixtureProcessor[];
  /** Settings of every process, over those below. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Whether workers have the lease of production, as tests of its length need. Default false:
   * `quick-worker.mjs`.
   */
  readonly hasRealLease?: boolean;
  /** What the processes connect to instead of Redis itself, such as a proxy in front of it. */
  readonly redisUrlFor?: (redisUrl: string) => Promise<string>;
  /**
   * Whether the processes are the users of `deploy/redis/users.acl`, who may do little. Default: whether
   * DROVER_TEST_REDIS_USERS is 1.
   */
  readonly hasRedisUsers?: boolean;
}

/**
 * Redis, api and worker processes on one machine, over a folder of their own. Everything is real; everything
 * is gone after `stop`.
 */
export class System {
  readonly folder: string;
  readonly apis: DroverProcess[] = [];
  readonly workers: DroverProcess[] = [];
  redis: RunningRedis;
  #env: Record<string, string> = {};
  #workerKind: "worker" | "quick worker" = "quick worker";
  readonly #users: RedisUsers | undefined;

  private constructor(folder: string, redis: RunningRedis, users: RedisUsers | undefined) {
    this.folder = folder;
    this.redis = redis;
    this.#users = users;
  }

  static async start(options: SystemOptions): Promise<System> {
    const folder = await mkdtemp(join(tmpdir(), "drover-e2e-"));
    await chmod(folder, 0o711); // children of another user pass through
    const program = await findRedisServer({ mayInstall: false });
    const { hasRedisUsers = process.env["DROVER_TEST_REDIS_USERS"] === "1" } = options;
    const users = hasRedisUsers ? redisUsers() : undefined;
    const redis = await startRedis({ dataDir: join(folder, "redis"), program, users: users?.lines ?? [] });
    const system = new System(folder, redis, users);
    const redisUrl = (await options.redisUrlFor?.(system.redis.url)) ?? system.redis.url;
    if (options.hasRealLease === true) system.#workerKind = "worker";
    system.#env = {
      REDIS_URL: system.#urlAs("drover-worker", redisUrl),
      DROVER_DATA_DIR: join(folder, "data"),
      DROVER_PROCESSORS: (options.processors ?? ["digest"]).map(fixtureModule).join(","),
      DROVER_RETRY_BASE_DELAY: "200ms",
      ...options.env,
    };
    await Promise.all([
      ...Array.from({ length: options.workers }, () => system.startWorker()),
      ...Array.from({ length: options.apis }, () => system.startApi()),
    ]);
    return system;
  }

  /** Where the blobs are. */
  get blobs(): string {
    return join(this.folder, "data", "blobs");
  }

  /** The settings of every process. */
  get env(): Readonly<Record<string, string>> {
    return this.#env;
  }

  async startApi(env: Readonly<Record<string, string>> = {}): Promise<DroverProcess> {
    const api = await DroverProcess.start({ kind: "api", env: { ...this.#apiEnv, ...env } });
    this.apis.push(api);
    return api;
  }

  get #apiEnv(): Record<string, string> {
    return { ...this.#env, REDIS_URL: this.#urlAs("drover-api", this.#env["REDIS_URL"] ?? "") };
  }

  #urlAs(user: RedisUser, url: string): string {
    return this.#users?.urlFor(user, url) ?? url;
  }

  /** Starts an api that dies when it reaches the failpoint. */
  async startFailingApi(failpoint: "stored" | "enqueued"): Promise<DroverProcess> {
    const api = await DroverProcess.start({
      kind: "failing api",
      env: { ...this.#apiEnv, FAILPOINT: failpoint },
    });
    this.apis.push(api);
    return api;
  }

  /** Starts a worker that may never be ready. */
  async startStuckWorker(env: Readonly<Record<string, string>>): Promise<DroverProcess> {
    const options = { kind: "worker", env: { ...this.#env, ...env }, isReadyAtOnce: true } as const;
    const worker = await DroverProcess.start(options);
    this.workers.push(worker);
    return worker;
  }

  async startWorker(env: Readonly<Record<string, string>> = {}): Promise<DroverProcess> {
    const worker = await DroverProcess.start({ kind: this.#workerKind, env: { ...this.#env, ...env } });
    this.workers.push(worker);
    return worker;
  }

  /** A client of the api with this number; an admin's, where there is an admin's key. */
  client(api = 0): Client {
    const apiKey = this.#env["DROVER_ADMIN_KEY"];
    return createClient({ baseUrl: this.url(api), ...(apiKey === undefined ? {} : { apiKey }) });
  }

  /** Address of the api with this number. */
  url(api = 0): string {
    const url = this.apis[api]?.url;
    if (url === undefined) throw new Error(`there is no api ${api}`);
    return url.replace(/\/$/, "");
  }

  /** Starts Redis again on its data, at its old address. */
  async restartRedis(): Promise<void> {
    const { url } = this.redis;
    this.redis = await startRedis({
      dataDir: join(this.folder, "redis"),
      ...{ url, users: this.#users?.lines ?? [] },
    });
  }

  /** Kills Redis as a crash would, and resolves when it is gone. */
  async killRedis(): Promise<void> {
    process.kill(this.redis.pid, "SIGKILL");
    await this.redis.exited;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.apis, ...this.workers].filter((p) => p.isRunning).map((p) => p.kill()));
    await this.redis.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Returns how large a fault is in this run: `quick` in `npm test`, `full` when `npm run test:full` sets
 * DROVER_TEST_SIZE. The full size is the one that docs/guarantees.md speaks of.
 */
export function sized(quick: number, full: number): number {
  return isFull ? full : quick;
}

const isFull = process.env["DROVER_TEST_SIZE"] === "full";

/**
 * Why a test is skipped that takes long, and whose promise shorter ones or the seeded faults of `chaos.test.ts` look
 * at too; for its title, empty in full size.
 */
export const ONLY_IN_FULL = isFull ? "" : " (skipped: only in npm run test:full)";
