import { CALLER, queryClient } from "./drover.js";

/** Why a key began no session. */
export type SignInRefusal =
  | { readonly code: "unknown_key" }
  /** Too many tries of one address; another is worth while after this many seconds. */
  | { readonly code: "too_many"; readonly retryAfterS: number }
  | { readonly code: "unreachable" };

/**
 * Begins a session with a key, as the form at `/sign-in` does; the browser keeps it in a cookie that no script
 * reads.
 * @returns why not, or `undefined` when it began.
 */
export async function signIn(key: string): Promise<SignInRefusal | undefined> {
  const body = new URLSearchParams({ key, next: "/" });
  try {
    const response = await fetch("/sign-in", { method: "POST", body, redirect: "manual" });
    if (response.type === "opaqueredirect") {
      await queryClient.resetQueries();
      return undefined;
    }
    if (response.status === 429)
      return { code: "too_many", retryAfterS: Number(response.headers.get("retry-after") ?? 60) };
    return { code: response.status < 500 ? "unknown_key" : "unreachable" };
  } catch {
    return { code: "unreachable" }; // a browser does not say why
  }
}

/** Ends the session, and forgets what was read with it. */
export async function signOut(): Promise<void> {
  await fetch("/sign-out", { method: "POST", redirect: "manual" });
  queryClient.clear();
  await queryClient.invalidateQueries({ queryKey: CALLER });
  window.location.assign("/");
}
