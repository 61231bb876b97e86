import { ProblemError } from "@drover/client";
import { QueryClient } from "@tanstack/react-query";

/** Tries of a read that meets trouble that may pass; what the server refuses is not asked again. */
const TRIES = 3;

/** What was read, shared by all pages. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) => failures < TRIES && !isRefused(error),
    },
  },
});

function isRefused(error: unknown): boolean {
  return error instanceof ProblemError && error.status < 500 && error.status !== 429;
}
