import type { IncomingMessage, ServerResponse } from "node:http";
import { type Route, routes } from "@drover/contract";
import { admitCaller } from "../access/callers.js";
import { clientAddress } from "../access/client-address.js";
import { depsFor } from "../access/tenants.js";
import type { Deps } from "../deps.js";
import type { JsonHandler, JsonReply } from "./handler.js";
import { scopeOf } from "./request-scope.js";
import { type AnyHandler, inputOf, noteJob } from "./route-input.js";
import { sendJson } from "./send.js";

const POLLED = ["getJob", "legacyJobStatus", "legacyStatus"] as const;

type PollHandlers = { readonly [N in (typeof POLLED)[number]]: JsonHandler<N> };

const END = "{job_id}";
const ID_LENGTH = 36;

interface Poll {
  /** The route's path up to the job's id. */
  readonly prefix: string;
  readonly route: Route;
  readonly handle: AnyHandler<JsonReply>;
}

/**
 * Serves the routes that clients poll without Express, whose router costs as much as the rest of such an
 * answer. Only a GET of a path as the api itself writes it is served here; all others are left to Express,
 * which has the same handlers.
 * @returns a function that answers a poll, and returns `undefined` for what is none; it rejects with what the
 *   handler throws.
 */
export function servePolls(
  handlers: PollHandlers,
  deps: Deps,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> | undefined {
  const polls = POLLED.map((name): Poll => {
    const route: Route = routes[name];
    return {
      prefix: route.path.slice(0, -END.length),
      route,
      handle: handlers[name] as AnyHandler<JsonReply>,
    };
  });
  const answer = async (poll: Poll, id: string, request: IncomingMessage, response: ServerResponse) => {
    scopeOf(response).route = poll.route.path;
    const { callers, tenantLimits } = deps;
    const admitted = admitCaller(poll.route, request, response, { callers, jobId: id });
    const caller = admitted instanceof Promise ? await admitted : admitted;
    const input = inputOf(poll.route, request, response, { caller, params: { job_id: id } });
    // Counted beside the look at the job, which changes nothing: a poll is one round trip with a limit too.
    const handled = poll.handle(input, depsFor(caller, deps));
    handled.catch(() => {}); // met below, unless the request was one too many
    await tenantLimits.countRequest(caller, clientAddress(request), response);
    const reply = await handled;
    noteJob(reply, response);
    sendJson(reply, request, response);
  };
  return (request, response) => {
    const { method, url = "" } = request;
    if (method !== "GET") return undefined;
    const poll = polls.find(({ prefix }) => url.startsWith(prefix));
    if (poll === undefined) return undefined;
    const start = poll.prefix.length;
    const id = url.slice(start, start + ID_LENGTH);
    const next = url[start + ID_LENGTH];
    if ((next !== undefined && next !== "?") || !/^[0-9A-Fa-f-]{36}$/.test(id)) return undefined;
    return answer(poll, id, request, response);
  };
}
