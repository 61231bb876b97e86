import type { ServerResponse } from "node:http";
import {
  type Caller,
  DomainError,
  type Log,
  type MinuteCounter,
  type OwnLimits,
  type TenantLimitStore,
  type TenantLimits,
} from "@drover/core";

/**
 * What tenants may use, as this process knows it: read every 2 s, so that no request waits for it. Between
 * `start` and `stop` it is kept up to date; a read that fails keeps what was known.
 */
export interface LimitDirectory {
  start(): void;
  stop(): void;
  /** What holds for a tenant that has no limits of its own. */
  readonly ofAll: TenantLimits;
  of(tenant: string): TenantLimits;
  /** Limits that a tenant has of its own, as they stand in Redis now. */
  own(tenant: string): Promise<OwnLimits>;
  set(tenant: string, limits: OwnLimits): Promise<void>;
  remove(tenant: string): Promise<void>;
  /**
   * Counts a request and says on the response what is left; `undefined` when there is no limit.
   * @param address where it comes from: who has no key is counted by it.
   * @throws `rate_limited`.
   */
  countRequest(caller: Caller, address: string, response: ServerResponse): Promise<void> | undefined;
}

export interface LimitDirectoryOptions {
  readonly store: TenantLimitStore;
  readonly minutes: MinuteCounter;
  /** What holds for a tenant that has no limits of its own. */
  readonly ofAll: TenantLimits;
  readonly log: Log;
  /** Default 2,000. */
  readonly refreshMs?: number;
}

/** @returns the limits; nothing is read before `start`. */
export function createLimitDirectory({
  store,
  minutes,
  ofAll,
  log,
  refreshMs = 2_000,
}: LimitDirectoryOptions): LimitDirectory {
  let known: ReadonlyMap<string, OwnLimits> = new Map();
  let timer: NodeJS.Timeout | undefined;
  let isFailing = false;
  const refresh = async () => {
    try {
      known = await store.read();
      isFailing = false;
    } catch (error) {
      if (!isFailing) log.warn("The limits of tenants could not be read; those known last hold.", { error });
      isFailing = true;
    }
  };
  const of = (tenant: string): TenantLimits => ({ ...ofAll, ...known.get(tenant) });
  const count = async (name: string, max: number, response: ServerResponse) => {
    const minute = await minutes.count(name);
    const resetS = Math.max(1, Math.ceil(minute.resetMs / 1_000));
    tellOfRate(response, { max, left: Math.max(0, max - minute.count), resetS });
    if (minute.count > max) throw tooMany(max, resetS);
  };
  return {
    start() {
      timer ??= setInterval(() => void refresh(), refreshMs).unref();
      void refresh();
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
    },
    ofAll,
    of,
    own: async (tenant) => (await store.read()).get(tenant) ?? {},
    async set(tenant, limits) {
      await store.set(tenant, limits);
      await refresh();
    },
    async remove(tenant) {
      await store.remove(tenant);
      await refresh();
    },
    countRequest({ tenant, keyId }, address, response) {
      const { requestsPerMinute } = of(tenant);
      if (requestsPerMinute === null) return undefined;
      const name = keyId === null ? `address:${address}` : `tenant:${tenant}`;
      return count(name, requestsPerMinute, response);
    },
  };
}

/** Headers by draft-ietf-httpapi-ratelimit-headers-10. */
function tellOfRate(
  response: ServerResponse,
  { max, left, resetS }: { readonly max: number; readonly left: number; readonly resetS: number },
): void {
  response.setHeader("RateLimit-Policy", `"requests_per_minute";q=${max};w=60`);
  response.setHeader("RateLimit", `"requests_per_minute";r=${left};t=${resetS}`);
}

function tooMany(max: number, retryAfterS: number): DomainError {
  return new DomainError(
    "rate_limited",
    `At most ${max} requests a minute are taken (limit requests_per_minute); try again in ${retryAfterS} s.`,
    { retryAfterS, members: { limit: "requests_per_minute" } },
  );
}
