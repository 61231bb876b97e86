import type { BlobStore, Clock, JobId, Log } from "@drover/core";
import { createExecutor } from "./attempts/execute.js";
import { ChildPool } from "./children/child-pool.js";
import { createInProcessRunner } from "./children/in-process-runner.js";
import type { Runner } from "./children/runner.js";
import type { ChildSupport } from "./children/spawned-child.js";
import type { LoadedProcessor } from "./processor-modules.js";
import type { Station } from "./worker.js";

export interface StationDeps {
  readonly children: ChildSupport;
  readonly blobs: BlobStore;
  /** The worker's own folder. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly settle: (id: JobId) => void;
}

/** A processor with what runs it: a pool of children, one of them started ahead, or this process for an `inProcess` one. */
export function createStation(deps: StationDeps, { processor, moduleUrl }: LoadedProcessor): Station {
  const runner = createRunner(deps, { processor, moduleUrl });
  return { processor, runner, executor: createExecutor({ ...deps, processor, runner }) };
}

function createRunner({ children }: StationDeps, { processor, moduleUrl }: LoadedProcessor): Runner {
  if (processor.inProcess) return createInProcessRunner(processor);
  const { name, isolation, limits } = processor;
  const pool = new ChildPool(children, { name, moduleUrl, isolation, maxRssBytes: limits.maxRssBytes });
  pool.warm();
  return pool;
}
