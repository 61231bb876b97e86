import { createClient, ProblemError } from "@drover/client";
import { QueryCache, QueryClient } from "@tanstack/react-query";

/** The server that these pages come from; a browser sends its session's cookie by itself. */
export const drover = createClient({ baseUrl: window.location.origin });

/** Tries of a read that meets trouble that may pass; what the server refuses is not asked again. */
const TRIES = 3;

/** Of the query that tells who looks at the pages. */
export const CALLER = ["caller"];

/** What was read, shared by all pages. */
export const queryClient: QueryClient = new QueryClient({
  // A session that has ended shows in any answer; the page then asks for a key.
  queryCache: new QueryCache({
    onError: (error) => {
      if (error instanceof ProblemError && error.status === 401)
        void queryClient.invalidateQueries({ queryKey: CALLER });
    },
  }),
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
