import type { Processor } from "@drover/client";
import { useQuery } from "@tanstack/react-query";
import type { EndedJob } from "../jobs/job-estimate.js";
import { drover } from "./drover.js";

/** The processors that there are, by name. */
export function useProcessors() {
  return useQuery({
    queryKey: ["processors"],
    queryFn: ({ signal }) => drover.processors({ signal }),
    staleTime: 30_000,
    refetchInterval: 60_000, // a worker may come or go
  });
}

/** One of them; `undefined` while it is not known, or there is none of the name. */
export function useProcessor(name: string): Processor | undefined {
  return useProcessors().data?.find((processor) => processor.name === name);
}

/** So many are looked at for how long a job may take. */
const LOOKED_AT = 50;

/** The newest jobs of the processor that completed, as far as this person may see them. */
export function useEndedJobs(processor: string, isWanted: boolean): readonly EndedJob[] {
  const { data = [] } = useQuery({
    queryKey: ["ended", processor],
    queryFn: async ({ signal }): Promise<readonly EndedJob[]> => {
      const filter = { processor, status: "completed", limit: LOOKED_AT } as const;
      const { jobs } = await drover.list(filter, { signal });
      return jobs.flatMap(({ input, started_at, completed_at }) =>
        started_at === null || completed_at === null
          ? []
          : [{ sizeBytes: input.size_bytes, runMs: Date.parse(completed_at) - Date.parse(started_at) }],
      );
    },
    staleTime: 60_000,
    enabled: isWanted,
  });
  return data;
}
