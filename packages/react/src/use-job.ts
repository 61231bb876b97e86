import type { Job } from "@drover/client";
import { useEffect, useState } from "react";
import { useClient } from "./drover-provider.js";

/** What is known of a job. */
export interface FollowedJob {
  /** As it stands; `undefined` until the first answer. */
  readonly job: Job | undefined;
  /** Why it is not followed any more: the server refused, or was away for longer than `client.wait` bears with. */
  readonly error: Error | undefined;
  /** Whether the job is `completed`, `failed` or `cancelled`. */
  readonly isEnded: boolean;
}

const NOTHING: FollowedJob = { job: undefined, error: undefined, isEnded: false };

/**
 * Follows a job for as long as the component is there, by its events, and by polling where there are none.
 * @param jobId with `undefined` nothing is followed.
 */
export function useJob(jobId: string | undefined): FollowedJob {
  const client = useClient();
  const [followed, setFollowed] = useState({ jobId, ...NOTHING });
  useEffect(() => {
    setFollowed({ jobId, ...NOTHING });
    if (jobId === undefined) return;
    const stop = new AbortController();
    const { signal } = stop;
    const show = (job: Job, isEnded: boolean) => {
      if (!signal.aborted) setFollowed({ jobId, job, error: undefined, isEnded });
    };
    client.wait(jobId, { signal, onUpdate: (job) => show(job, false) }).then(
      (job) => show(job, true),
      (error: unknown) => {
        if (signal.aborted) return;
        setFollowed((last) => ({
          ...last,
          error: error instanceof Error ? error : new Error(String(error)),
        }));
      },
    );
    return () => stop.abort();
  }, [client, jobId]);
  return followed.jobId === jobId ? followed : NOTHING; // not for a moment another job's
}
