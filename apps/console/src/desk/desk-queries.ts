import type { Dispatch, Processor, Scale, Stats } from "@drover/client";
import type { TrendWindow } from "@drover/contract";
import { useMutation, useQuery } from "@tanstack/react-query";
import { drover, queryClient } from "../api/drover.js";

/** Pages that show how things stand read it again this often, in ms. */
const LIVE_MS = 3_000;
const SLOW_MS = 10_000;

/** The workers, and what each runs. */
export function useWorkers() {
  return useQuery({
    queryKey: ["desk workers"],
    queryFn: ({ signal }) => drover.operations.workers({ signal }),
    refetchInterval: LIVE_MS,
  });
}

/** Lets a worker stop. */
export function useDrain() {
  return useMutation({
    mutationFn: (worker: string) => drover.operations.drain(worker),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["desk workers"] }),
  });
}

/** A processor's queue: how it is handed out, what is in it, and what came out in the last hour. */
export interface QueueView {
  readonly processor: Processor;
  readonly scale: Scale;
  /** Of the last hour. */
  readonly ended: Stats["processors"][number] | undefined;
}

/** The queues, by the names of their processors. */
export function useQueues() {
  return useQuery({
    queryKey: ["desk queues"],
    queryFn: async ({ signal }): Promise<readonly QueueView[]> => {
      const [processors, stats] = await Promise.all([
        drover.processors({ signal }),
        drover.stats({ window: "1h", signal }),
      ]);
      return Promise.all(
        processors.map(async (processor) => ({
          processor,
          scale: await drover.operations.scale(processor.name, { signal }),
          ended: stats.processors.find((each) => each.processor === processor.name),
        })),
      );
    },
    refetchInterval: LIVE_MS,
  });
}

/** What an operator does to a queue. */
export type QueueAct =
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  | { readonly kind: "bound"; readonly concurrency: number | null };

/** Does it, and shows how the queue is handed out then. */
export function useQueueAct(processor: string) {
  return useMutation({
    mutationFn: (act: QueueAct): Promise<Dispatch> => {
      if (act.kind === "pause") return drover.pause(processor);
      if (act.kind === "resume") return drover.resume(processor);
      return drover.setConcurrency(processor, act.concurrency);
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["desk queues"] }),
  });
}

/** The last hours, ten minutes by ten minutes. */
export function useTrends(window: TrendWindow) {
  return useQuery({
    queryKey: ["desk trends", window],
    queryFn: ({ signal }) => drover.operations.trends({ window, signal }),
    refetchInterval: SLOW_MS,
  });
}

/** What is to be looked at now. */
export function useAlerts() {
  return useQuery({
    queryKey: ["desk alerts"],
    queryFn: ({ signal }) => drover.operations.alerts({ signal }),
    refetchInterval: SLOW_MS,
  });
}
