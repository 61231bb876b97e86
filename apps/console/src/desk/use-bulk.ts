import { useEffect, useRef, useState } from "react";
import { drover } from "../api/drover-client.js";
import { actOn, type BulkAction, type BulkResult, findJobs, runBulk } from "./bulk-run.js";
import { filterOf, type JobSearch } from "./job-search.js";

/** How far an action on many jobs is. */
export type BulkState =
  | { readonly kind: "counting"; readonly count: number }
  | { readonly kind: "found"; readonly ids: readonly string[] }
  | { readonly kind: "running"; readonly count: number; readonly all: number }
  | { readonly kind: "ended"; readonly result: BulkResult; readonly isStopped: boolean }
  | { readonly kind: "failed"; readonly error: unknown };

interface Bulk {
  readonly state: BulkState;
  /** Does it to the jobs that were found. */
  run(): void;
  /** Ends the counting, or begins no further job; those under way end. */
  stop(): void;
}

/** Counts at once what an action would be done to, and does it when `run` is called. */
export function useBulk(action: BulkAction, search: JobSearch): Bulk {
  const [state, setState] = useState<BulkState>({ kind: "counting", count: 0 });
  const stopping = useRef(new AbortController());
  const key = JSON.stringify(search);
  useEffect(() => {
    const own = new AbortController();
    stopping.current = own;
    const { signal } = own;
    const onCount = (count: number) => setState({ kind: "counting", count });
    const filter = filterOf(JSON.parse(key) as JobSearch, Date.now()); // written above
    findJobs(drover, { action, filter }, { signal, onCount }).then(
      (ids) => setState({ kind: "found", ids }),
      (error: unknown) => signal.aborted || setState({ kind: "failed", error }),
    );
    return () => own.abort();
  }, [action, key]);
  const run = () => {
    if (state.kind !== "found") return;
    const { ids } = state;
    const { signal } = stopping.current;
    setState({ kind: "running", count: 0, all: ids.length });
    const onCount = (count: number) => setState({ kind: "running", count, all: ids.length });
    runBulk(ids, actOn(drover, action), { signal, onCount }).then(
      (result) => setState({ kind: "ended", result, isStopped: signal.aborted }),
      (error: unknown) => setState({ kind: "failed", error }),
    );
  };
  return { state, run, stop: () => stopping.current.abort() };
}
