import { randomUUID } from "node:crypto";
import type { Log } from "@drover/core";
import { type ChildrenOptions, createChildren } from "../src/children/children.js";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Children that run the built entry, with shorter graces than in production. */
export function quickChildren(options: Partial<ChildrenOptions> = {}): ReturnType<typeof createChildren> {
  return createChildren({
    environment: process.env,
    maxAttempts: 100,
    workerMark: randomUUID(),
    registry: { watch() {}, forget() {} },
    entry: new URL("../dist/children/child-main.js", import.meta.url).pathname,
    log: silent,
    graces: { stopMs: 500, cancelMs: 500 },
    ...options,
  });
}
