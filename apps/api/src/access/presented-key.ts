import type { IncomingMessage } from "node:http";
import { DomainError } from "@drover/core";

/** Names under which keys are mistakenly put into addresses, which stand in histories and in the logs of proxies. */
const KEY_PARAMETERS = ["api_key", "apikey", "key", "access_token", "x-api-key"];

/** The parameter that carries a job's token, for what a browser opens without headers of its own. */
export const TOKEN_PARAMETER = "token";

/**
 * The key or token that a request carries: as `Authorization: Bearer`, as `X-API-Key`, or, a job's token only, as
 * `?token=`. A header goes before the address. Other schemes of `Authorization` are not ours to judge.
 * @throws `invalid_request` for two different keys, and for a key in the address.
 */
export function presentedKey({
  headers,
  url = "",
}: Pick<IncomingMessage, "headers" | "url">): string | undefined {
  const inAddress = url.includes("?") ? tokenIn(url) : undefined;
  const own = headers["x-api-key"];
  const { authorization } = headers;
  if (own === undefined && authorization === undefined) return inAddress; // most requests of browsers
  const bearer = /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  const key = (Array.isArray(own) ? own.join(",") : own)?.trim() || undefined;
  if (bearer !== undefined && key !== undefined && bearer !== key) {
    throw new DomainError(
      "invalid_request",
      "The request carries two different keys, as Authorization and as X-API-Key; send one of them.",
    );
  }
  return bearer ?? key ?? inAddress;
}

function tokenIn(url: string): string | undefined {
  const query = new URLSearchParams(url.slice(url.indexOf("?") + 1));
  const token = query.get(TOKEN_PARAMETER) ?? undefined;
  const name = KEY_PARAMETERS.find((each) => query.has(each));
  if (name === undefined && token?.startsWith("drv_") !== true) return token;
  throw new DomainError(
    "invalid_request",
    `A key does not belong into an address (?${name ?? TOKEN_PARAMETER}=), which is kept in histories and ` +
      "logs: send it as `Authorization: Bearer <key>` or `X-API-Key: <key>`, and revoke it if it was real. For a browser that " +
      "streams or downloads there are tokens of one job, POST /api/jobs/{job_id}/tokens.",
  );
}

/** The password of HTTP Basic, by which a browser sends a key to the operators' pages. */
export function basicPassword(authorization = ""): string | undefined {
  const value = /^basic +(\S+) *$/i.exec(authorization)?.[1];
  if (value === undefined) return undefined;
  const text = Buffer.from(value, "base64").toString("utf8");
  return text.slice(text.indexOf(":") + 1) || undefined;
}
