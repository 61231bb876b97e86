import { useEffect, useMemo, useSyncExternalStore } from "react";
import { drover } from "../api/drover-client.js";
import { filterOf, type JobSearch } from "./job-search.js";
import { LiveJobs, type LiveRows } from "./live-jobs.js";

/** The jobs that a search finds, for as long as the component is shown, with what reads more of them. */
export function useLiveJobs(search: JobSearch): LiveRows & { readonly jobs: LiveJobs } {
  const key = JSON.stringify(search);
  const jobs = useMemo(() => {
    const wanted = JSON.parse(key) as JobSearch; // written above
    return new LiveJobs({ client: drover, filter: () => filterOf(wanted, Date.now()) });
  }, [key]);
  useEffect(() => {
    jobs.start();
    return () => jobs.stop();
  }, [jobs]);
  const subscribe = useMemo(() => (listener: () => void) => jobs.subscribe(listener), [jobs]);
  return { ...useSyncExternalStore(subscribe, () => jobs.state), jobs };
}
