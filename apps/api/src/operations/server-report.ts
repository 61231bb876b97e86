import type { Log, QueueServer } from "@drover/core";

const PROMISES: Readonly<Record<QueueServer["durability"], string>> = {
  none: "Redis keeps nothing on disk: when it stops, every job is lost. Turn on AOF (appendonly yes).",
  snapshots:
    "Redis keeps snapshots only: when it dies, the jobs since the last one are lost. Turn on AOF (appendonly yes).",
  everysec: "Redis keeps its AOF every second: a kill loses nothing, a power loss up to one second.",
  always: "Redis keeps its AOF at every write: neither a kill nor a power loss loses a job.",
  unknown: "Redis does not say whether it keeps jobs on disk; make sure that AOF is on.",
};

/** Says in words, once at start, what the queue's server promises. A promise that can break Drover's own is a warning. */
export function reportServer(server: QueueServer, log: Log): void {
  const fields = { version: server.version, durability: server.durability };
  const isDurable = server.durability === "everysec" || server.durability === "always";
  log[isDurable ? "info" : "warn"](PROMISES[server.durability], fields);
  if (server.evictionPolicy !== "noeviction") {
    log.warn(
      `Redis may evict jobs when its memory is full: maxmemory-policy is ${server.evictionPolicy}, and should be noeviction.`,
      { version: server.version },
    );
  }
}
