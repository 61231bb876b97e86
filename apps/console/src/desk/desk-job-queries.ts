import type { Job } from "@drover/client";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { drover } from "../api/drover-client.js";
import { queryClient } from "../api/query-client.js";
import { isTerminal } from "../jobs/job-status.js";

const keyOf = (jobId: string) => ["desk job", jobId];
const logsKeyOf = (jobId: string) => ["desk logs", jobId];
/** For as long as a job is looked at, a server that is away is waited for, in ms. */
const PATIENCE_MS = 24 * 3_600_000;
/** Log lines that come within this long are read together, in ms. */
const GATHER_MS = 500;

/** A job with its history as it goes. */
export function useDeskJob(jobId: string) {
  const query = useQuery({
    queryKey: keyOf(jobId),
    queryFn: ({ signal }) => drover.get(jobId, { signal, include: "timeline" }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const isFollowed = query.data !== undefined && !isTerminal(query.data);
  useEffect(() => {
    if (!isFollowed) return;
    const stop = new AbortController();
    void followJob(jobId, stop.signal);
    return () => stop.abort();
  }, [jobId, isFollowed]);
  return query;
}

async function followJob(jobId: string, signal: AbortSignal): Promise<void> {
  let isPlanned = false;
  const readLogs = () => {
    if (isPlanned) return;
    isPlanned = true;
    setTimeout(() => {
      isPlanned = false;
      void queryClient.invalidateQueries({ queryKey: logsKeyOf(jobId) });
    }, GATHER_MS);
  };
  const readJob = () => queryClient.invalidateQueries({ queryKey: keyOf(jobId) });
  try {
    for await (const event of drover.stream(jobId, { signal, giveUpAfterMs: PATIENCE_MS })) {
      if (event.type === "log") readLogs();
      else if (event.type === "progress") noteProgress(event);
      else await readJob(); // the history has grown as well
    }
    readLogs();
  } catch {
    if (!signal.aborted) await readJob(); // refused, as when it was deleted: reading it says so
  }
}

type Progress = Pick<Job, "job_id" | "attempt" | "progress" | "stage" | "message">;

function noteProgress({ job_id, attempt, progress, stage, message }: Progress): void {
  const known = queryClient.getQueryData<Job>(keyOf(job_id));
  if (known === undefined || attempt !== known.attempt || stage !== known.stage)
    void queryClient.invalidateQueries({ queryKey: keyOf(job_id) });
  else queryClient.setQueryData<Job>(keyOf(job_id), { ...known, progress, stage, message });
}

/** The newest lines that the job's processor logged. */
export function useJobLogs(jobId: string) {
  return useQuery({
    queryKey: logsKeyOf(jobId),
    queryFn: async ({ signal }) => (await drover.logs(jobId, { signal })).logs,
  });
}

/** The job as the server keeps it. */
export function useJobRecord(jobId: string) {
  return useQuery({
    queryKey: ["desk record", jobId],
    queryFn: ({ signal }) => drover.record(jobId, { signal }),
  });
}

const DELIVERIES_MS = 3_000;

/** What was sent to receivers of webhooks; read again while something is on its way. */
export function useDeliveries(jobId: string) {
  return useQuery({
    queryKey: ["desk deliveries", jobId],
    queryFn: ({ signal }) => drover.webhooks.deliveries(jobId, { signal }),
    refetchInterval: ({ state }) =>
      state.data?.some(({ status }) => status === "pending") === true ? DELIVERIES_MS : false,
  });
}

/** Sends a delivery again, or at once when it waits. */
export function useRedeliver(jobId: string) {
  return useMutation({
    mutationFn: (deliveryId: string) => drover.webhooks.redeliver(jobId, deliveryId),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["desk deliveries", jobId] }),
  });
}

/** What an operator does to one job. */
export type JobAct = "retry" | "cancel" | "remove";

/** Does it, and reads the job again. */
export function useJobAct(jobId: string) {
  return useMutation({
    mutationFn: async (act: JobAct) => {
      if (act === "retry") await drover.retry(jobId);
      else if (act === "cancel") await drover.cancel(jobId);
      else await drover.remove(jobId);
    },
    onSettled: async (_data, error, act) => {
      if (act === "remove" && error === null) return;
      await queryClient.invalidateQueries({ queryKey: keyOf(jobId) });
      await queryClient.invalidateQueries({ queryKey: ["job", jobId] });
    },
  });
}
