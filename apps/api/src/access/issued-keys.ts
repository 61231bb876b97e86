import type * as wire from "@drover/contract";
import { type ApiKey, DomainError, MAX_API_KEYS, SCOPES } from "@drover/core";
import { type Handler, type JsonReply, ok } from "../http/handler.js";
import { findJob, RECENT_MS } from "../jobs/find-job.js";
import { time, timeOrNull } from "../jobs/job-view.js";
import { newApiKey } from "./api-key-text.js";

export const listKeys: Handler<"listKeys"> = async (_input, deps) => {
  const { keys } = await deps.queue.apiKeys.read();
  return ok({ keys: keys.map(viewKey) } satisfies wire.ApiKeyList, { "Cache-Control": "no-store" });
};

export const createKey: Handler<"createKey"> = async ({ body, caller }, deps) => {
  if (caller.keyId === null) assertAdmin(body.scopes);
  await deps.installation.confirm(RECENT_MS); // first: nothing is written into another installation's Redis
  const { id, text, sha256 } = newApiKey();
  const createdAt = deps.now();
  const key: ApiKey = {
    ...{ id, sha256, createdAt },
    tenant: body.tenant,
    scopes: SCOPES.filter((scope) => body.scopes.includes(scope)),
    name: body.name ?? "",
    expiresAt: body.expires_in_s === undefined ? null : createdAt + body.expires_in_s * 1_000,
  };
  if (!(await deps.queue.apiKeys.add(key)))
    throw new DomainError(
      "invalid_request",
      `There are ${MAX_API_KEYS} keys, which is as many as can be; revoke one first.`,
    );
  await deps.callers.refresh();
  return shownOnce({ ...viewKey(key), key: text } satisfies wire.ApiKeyWithSecret, `/api/keys/${id}`);
};

/**
 * The first key ends that everybody may do everything, so it has to be one that can make and revoke the others.
 * @throws `invalid_request`.
 */
function assertAdmin(scopes: readonly wire.Scope[]): void {
  if (scopes.includes("admin")) return;
  throw new DomainError(
    "invalid_request",
    "The first key needs the scope admin: once it is made every request needs a key, and nobody could make or " +
      "revoke others. Make it with: drover keys create --scopes submit,read,admin.",
  );
}

export const revokeKey: Handler<"revokeKey"> = async ({ params }, deps) => {
  const isRevoked = await deps.queue.apiKeys.remove(params.key_id);
  if (!isRevoked)
    throw new DomainError("key_not_found", `No key has the id "${params.key_id.slice(0, 80)}".`);
  await deps.callers.refresh();
  return { kind: "empty", status: 204 };
};

/** How long a token opens its job unless its client says otherwise, in s. */
const TOKEN_S = 300;

export const createJobToken: Handler<"createJobToken"> = async ({ params, body, caller }, deps) => {
  const { id: jobId, tenant } = await findJob(params.job_id, deps);
  const expiresAt = deps.now() + (body?.expires_in_s ?? TOKEN_S) * 1_000;
  const token = await deps.jobTokens.issue({ jobId, tenant, keyId: caller.keyId, expiresAt });
  return shownOnce({ token, job_id: jobId, expires_at: time(expiresAt) } satisfies wire.JobToken);
};

/** A secret, which no cache may keep. */
function shownOnce(body: object, location?: string): JsonReply {
  const headers = { "Cache-Control": "no-store", ...(location === undefined ? {} : { Location: location }) };
  return { kind: "json", status: 201, body, headers };
}

function viewKey({ id, tenant, scopes, name, createdAt, expiresAt }: ApiKey): wire.ApiKey {
  return {
    ...{ id, tenant, name },
    scopes: [...scopes],
    created_at: time(createdAt),
    expires_at: timeOrNull(expiresAt),
  };
}
