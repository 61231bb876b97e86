import { ProblemError } from "@drover/client";
import { useQuery } from "@tanstack/react-query";
import { CALLER, drover } from "./drover.js";

/** Who looks at these pages, and what that person may do. */
export type Caller =
  | { readonly kind: "unknown" }
  /** The server needs a key, and this browser has no session. */
  | { readonly kind: "signed_out" }
  | {
      readonly kind: "known";
      readonly tenant: string;
      /** Of the session; `null` where the server asks for no key. */
      readonly keyId: string | null;
      readonly maySubmit: boolean;
      readonly mayRead: boolean;
      readonly isAdmin: boolean;
    };

/** The caller as the server knows it; `unknown` until it has answered. */
export function useCaller(): Caller {
  const { data } = useQuery({ queryKey: CALLER, queryFn: readCaller, staleTime: 60_000 });
  return data ?? { kind: "unknown" };
}

async function readCaller({ signal }: { readonly signal: AbortSignal }): Promise<Caller> {
  try {
    const { tenant, key_id: keyId, scopes } = await drover.caller({ signal });
    const has = (scope: string) => scopes.some((each) => each === scope);
    return {
      ...{ kind: "known", tenant, keyId },
      ...{ maySubmit: has("submit"), mayRead: has("read"), isAdmin: has("admin") },
    };
  } catch (error) {
    if (error instanceof ProblemError && error.status === 401) return { kind: "signed_out" };
    throw error;
  }
}
