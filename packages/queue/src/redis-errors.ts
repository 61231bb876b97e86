import { DomainError, type RedisTrouble } from "@drover/core";
import { isRefusal } from "./bullmq/bullmq-internals.js";
import { adviceFor, isUserRefused } from "./redis-advice.js";

/** Nothing was sent: what was asked for has not happened and will not. */
export class NotSent extends Error {
  override readonly name = "NotSent";
}

/** What was sent was not answered in time; it may have happened. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/** What kind of trouble an error of the server or the network is. */
export function troubleOf(error: unknown): RedisTrouble {
  if (error instanceof NoAnswer) return "no_answer";
  return error instanceof Error && error.name === "ReplyError" ? "refused" : "not_connected";
}

/**
 * Whether a refusal of `use` means that nothing was done and nothing will be: the server was never asked, or
 * can serve no write, which it says before the first one of a script. After any other error it may have been
 * done, or half of it.
 */
export function isCertain(refusal: unknown): boolean {
  const cause = refusal instanceof DomainError ? refusal.cause : refusal;
  return (
    cause instanceof NotSent ||
    (cause instanceof Error && cause.name === "ReplyError" && SERVER_TROUBLE.test(cause.message))
  );
}

/** The refusal that a client sees, whatever went wrong with the server. */
export function unavailable(cause: unknown): DomainError {
  return new DomainError(
    "redis_unavailable",
    "The queue's server cannot be reached just now. Nothing was lost; try again shortly.",
    {
      cause,
      retryAfterS: 2,
      advice: adviceFor(cause),
    },
  );
}

/**
 * Answers of a server that is there but cannot serve. Redis 6 puts what a script met behind "ERR Error
 * running script … : -".
 */
const SERVER_TROUBLE =
  /(?:^|: -)(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MISCONF|OOM|BUSY|NOREPLICAS|UNBLOCKED|EXECABORT)\b/;

/**
 * Whether the error is the server's or the network's rather than ours. Redis has no other way to say it than
 * the first word of its reply.
 */
export function isServerTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === "ReplyError") return SERVER_TROUBLE.test(error.message) || isUserRefused(error);
  if (error instanceof TypeError || error instanceof SyntaxError) return false;
  return !isRefusal(error);
}
