import { json } from "./job-steps.js";
import type { TestApi } from "./test-api.js";

/** Sends the form of the sign-in page, as its browser does. */
export function sendKey(
  api: TestApi,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const body = new URLSearchParams(form);
  return fetch(`${api.url}/sign-in`, { method: "POST", body, headers, redirect: "manual" });
}

/** Signs in; returns the header by which the browser presents its session. */
export async function signedInWith(api: TestApi, key: string): Promise<{ readonly cookie: string }> {
  const response = await sendKey(api, { key });
  const [cookie = ""] = response.headers.getSetCookie();
  if (response.status !== 303) throw new Error(`Not signed in: ${response.status}`);
  return { cookie: cookie.split(";", 1)[0] ?? "" };
}

/** What the audit log has of an action, newest first; `as` is an admin. */
export async function audited(
  api: TestApi,
  action: string,
  as: Readonly<Record<string, string>>,
): Promise<readonly Record<string, unknown>[]> {
  const { actions } = (await json(await fetch(`${api.url}/api/audit`, { headers: as }))) as unknown as {
    actions: readonly Record<string, unknown>[];
  };
  return actions.filter((each) => each["action"] === action);
}
