import type { EnvironmentKey } from "@drover/settings";
import { testQueue } from "@drover/testkit";
import { onTestFinished } from "vitest";
import { KeyRing } from "../src/access/key-ring.js";
import { createCallers, type Openness } from "../src/access/known-callers.js";
import type { OidcIssuer } from "../src/access/oidc.js";
import { json } from "./job-steps.js";
import { startApi, type TestApi, type TestApiOptions } from "./test-api.js";

export interface KeyedApiOptions extends TestApiOptions {
  readonly environment?: readonly EnvironmentKey[];
  /** Default `open`. */
  readonly openness?: Openness;
  readonly oidc?: Pick<OidcIssuer, "callerOf">;
  /** Time between two readings of the keys, in ms. Default 50. */
  readonly everyMs?: number;
  /** How long a reading is trusted, in ms. Default: as in production. */
  readonly trustMs?: number;
  /** Default: the process's. */
  readonly now?: () => number;
}

/** An api that asks for keys as the real one does. The ring is stopped with the test. */
export async function startKeyedApi(options: KeyedApiOptions = {}): Promise<TestApi> {
  const { environment = [], openness = "open", everyMs = 50, trustMs = 5_000, now = Date.now } = options;
  const queue = options.queue ?? (await testQueue());
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const ring = new KeyRing({ apiKeys: queue.apiKeys, log, everyMs, trustMs });
  await ring.start();
  onTestFinished(() => ring.stop());
  return startApi({
    ...options,
    queue,
    deps: {
      ...createCallers({ ring, environment, openness, sessions: queue.sessions, now, oidc: options.oidc }),
      now,
      ...options.deps,
    },
  });
}

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** Makes a key at an api; `as` is who asks, nobody by default. */
export async function madeKey(
  api: TestApi,
  body: Readonly<Record<string, unknown>>,
  as: Readonly<Record<string, string>> = {},
): Promise<{ readonly id: string; readonly key: string }> {
  const response = await fetch(`${api.url}/api/keys`, {
    method: "POST",
    headers: { "content-type": "application/json", ...as },
    body: JSON.stringify(body),
  });
  const answer = await json(response);
  if (response.status !== 201) throw new Error(`No key was made: ${JSON.stringify(answer)}`);
  return answer as unknown as { id: string; key: string };
}
