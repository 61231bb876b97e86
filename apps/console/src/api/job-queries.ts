import { type Job, ProblemError } from "@drover/client";
import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { isTerminal, REMOVED } from "../jobs/job-status.js";
import { ownJobs } from "../jobs/own-jobs.js";
import type { Params } from "../params/param-fields.js";
import { drover, queryClient } from "./drover.js";

const jobQuery = (jobId: string) =>
  queryOptions({
    queryKey: ["job", jobId],
    queryFn: ({ signal }) => drover.get(jobId, { signal }),
  });

/** For as long as a job is looked at, a server that is away is waited for. */
const PATIENCE_MS = 24 * 3_600_000;

/** A job as it goes: read once, then followed by its stream, or by polls where no stream can be had. */
export function useLiveJob(jobId: string) {
  const query = useQuery({ ...jobQuery(jobId), staleTime: Number.POSITIVE_INFINITY });
  const { data: job } = query;
  const isFollowed = job !== undefined && !isTerminal(job);
  useEffect(() => {
    if (!isFollowed) return;
    const stop = new AbortController();
    const options = { giveUpAfterMs: PATIENCE_MS, signal: stop.signal, onUpdate: noteJob };
    // A refusal is one of the job itself, as when it was deleted: reading it again says so.
    drover.wait(jobId, options).catch(() => {
      if (!stop.signal.aborted) void queryClient.invalidateQueries({ queryKey: ["job", jobId] });
    });
    return () => stop.abort();
  }, [jobId, isFollowed]);
  useEffect(() => {
    if (job !== undefined) ownJobs.note(job.job_id, job.status);
  }, [job]);
  return query;
}

const ROW_POLL_MS = 2_000;

/** A job of a list: read again every 2 s until it has ended. `undefined` while it is not known. */
export function useListedJob(jobId: string, isWanted: boolean): Job | undefined {
  const { data: job, error } = useQuery({
    ...jobQuery(jobId),
    enabled: isWanted,
    refetchInterval: ({ state: { data, error } }) =>
      isGone(error) || (data !== undefined && isTerminal(data)) ? false : ROW_POLL_MS,
  });
  const status = isGone(error) ? REMOVED : job?.status;
  useEffect(() => {
    if (status !== undefined) ownJobs.note(jobId, status);
  }, [jobId, status]);
  return job;
}

/** Whether the error says that there is no such job, or not any more. */
export function isGone(error: unknown): boolean {
  return error instanceof ProblemError && [400, 404, 410].includes(error.status);
}

function noteJob(job: Job): void {
  queryClient.setQueryData(["job", job.job_id], job);
}

/** Cancels the job; how it stands then is read from it. */
export function useCancel(jobId: string) {
  return useMutation({
    mutationFn: () => drover.cancel(jobId),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["job", jobId] }),
  });
}

/** Runs a failed or cancelled job again from the file that the server has kept. */
export function useRetry(jobId: string) {
  return useMutation({
    mutationFn: (params: Params) => drover.retry(jobId, { params }),
    onSuccess: noteJob,
  });
}

/** Erases the job and all that belongs to it. */
export function useRemove(jobId: string) {
  return useMutation({
    mutationFn: () => drover.remove(jobId),
    onSuccess: () => {
      ownJobs.remove(jobId);
      queryClient.removeQueries({ queryKey: ["job", jobId] });
    },
  });
}
