import { type Caller, DomainError } from "@drover/core";
import express, { type CookieOptions, type Express, type Request, type Response } from "express";
import type { Deps } from "../deps.js";
import { actorOf, allowOnly, readBody } from "../http/express.js";
import { nameRoute, scopeOf } from "../http/request-scope.js";
import { keyRefused } from "./api-key-text.js";
import { noteAction } from "./audit.js";
import { SESSION_COOKIE, SESSION_MS, sessionIn } from "./browser-sessions.js";
import { cameOverTls, clientAddress } from "./client-address.js";
import { assertOwnPage } from "./cross-origin.js";
import { SIGN_IN_STYLE, type SignInView, STYLE_PATH, signInPage } from "./sign-in-page.js";

type SignInDeps = Pick<Deps, "callers" | "sessions" | "queue" | "limits" | "log" | "now">;

const PATH = "/sign-in";
const END_PATH = "/sign-out";
const MAX_FORM_BYTES = 16 * 1024;
/** Of one address in a minute, those with a good key included. */
const MAX_TRIES = 10;

/** Address of the page where somebody signs in, who is led to `next` after that. */
export function signInAddress(next: string): string {
  return `${PATH}?next=${encodeURIComponent(next)}`;
}

/** Mounts the page where a person signs in with a key, for a session of 12 hours, and what ends that. */
export function mountSignIn(app: Express, deps: SignInDeps): void {
  const parseForm = express.urlencoded({ extended: false, limit: MAX_FORM_BYTES, parameterLimit: 10 });
  app.get(PATH, nameRoute(PATH), async (request, response) => {
    const next = localPath(new URLSearchParams(request.originalUrl.split("?")[1]).get("next"));
    const caller = await deps.callers.signedIn(request);
    sendPage(response, 200, { next, ...(caller === undefined ? {} : { caller }) });
  });
  app.post(PATH, nameRoute(PATH), readBody(parseForm, deps.limits.uploadStallMs), (request, response) =>
    signIn(request, response, deps),
  );
  allowOnly(app, PATH, ["GET", "HEAD", "POST"]);
  app.post(END_PATH, nameRoute(END_PATH), (request, response) => signOut(request, response, deps));
  allowOnly(app, END_PATH, ["POST"]);
  app.get(STYLE_PATH, nameRoute(STYLE_PATH), (_request, response) => {
    response.set("Cache-Control", "no-cache").type("css").send(SIGN_IN_STYLE);
  });
  allowOnly(app, STYLE_PATH, ["GET", "HEAD"]);
}

async function signIn(request: Request, response: Response, deps: SignInDeps): Promise<void> {
  assertOwnPage(request);
  const { key, next } = formOf(request.body);
  const refuse = (status: number, code: string, refusal: string) => {
    const scope = scopeOf(response);
    scope.refusal = { code, detail: refusal };
    const fields = { request_id: scope.requestId, client_address: clientAddress(request), code };
    deps.log.warn("A sign-in was refused.", fields);
    sendPage(response, status, { next, refusal });
  };
  const tries = await deps.queue.minutes.count(`${PATH}:${clientAddress(request)}`);
  if (tries.count > MAX_TRIES) {
    const retryAfterS = Math.max(1, Math.ceil(tries.resetMs / 1_000));
    response.set("Retry-After", String(retryAfterS));
    refuse(429, "rate_limited", `Too many tries from this address; try again in ${retryAfterS} s.`);
    return;
  }
  const found = await holderOf(key, deps);
  if (found instanceof DomainError) {
    if (found.challenge !== undefined) response.set("WWW-Authenticate", found.challenge);
    refuse(401, found.code, found.message);
    return;
  }
  const session = await deps.sessions.start(found.keyId);
  await note("signIn", found, request, response, deps);
  response.cookie(SESSION_COOKIE, session, { ...cookieOptions(request), maxAge: SESSION_MS });
  response.set("Cache-Control", "no-store").redirect(303, next);
}

async function signOut(request: Request, response: Response, deps: SignInDeps): Promise<void> {
  assertOwnPage(request);
  const session = sessionIn(request);
  if (session !== undefined) {
    const caller = await deps.sessions.callerOf(session);
    await deps.sessions.end(session);
    if (caller !== undefined) await note("signOut", caller, request, response, deps);
  }
  response.clearCookie(SESSION_COOKIE, cookieOptions(request));
  response.set("Cache-Control", "no-store").redirect(303, PATH);
}

/** Whose key it is, or why it is none. Tokens of jobs and JWTs have an end of their own, and begin no session. */
async function holderOf(
  key: string,
  { callers }: SignInDeps,
): Promise<(Caller & { readonly keyId: string }) | DomainError> {
  try {
    const { keyId, jobId, ...caller } = await callers.holderOf(key);
    const isKey = keyId !== null && jobId === undefined && !keyId.startsWith("oidc:");
    if (isKey) return { ...caller, keyId };
    return keyRefused("Only a key begins a session; a token is sent with each request.");
  } catch (error) {
    if (error instanceof DomainError && error.code === "unauthorized") return error;
    throw error;
  }
}

function formOf(body: unknown): { readonly key: string; readonly next: string } {
  const { key, next } = Object(body) as { readonly key?: unknown; readonly next?: unknown };
  return { key: typeof key === "string" ? key.trim() : "", next: localPath(next) };
}

/**
 * The path that somebody is led to: of this server alone. Browsers read `//name` and `/\\name` as another host,
 * and pass over control characters.
 */
function localPath(next: unknown): string {
  const isLocal = typeof next === "string" && next.length <= 2_000 && /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(next);
  return isLocal ? next : "/";
}

function cookieOptions(request: Request): CookieOptions {
  return { httpOnly: true, sameSite: "strict", path: "/", secure: cameOverTls(request) };
}

/** `Referrer-Policy`: without a referrer browsers send `Origin: null` with the form. */
function sendPage(response: Response, status: number, view: SignInView): void {
  response.set({ "Cache-Control": "no-store", "Referrer-Policy": "same-origin" });
  response.status(status).type("html").send(signInPage(view));
}

async function note(
  action: "signIn" | "signOut",
  caller: Caller,
  request: Request,
  response: Response,
  deps: SignInDeps,
): Promise<void> {
  const scope = scopeOf(response);
  scope.caller = caller;
  await noteAction({ at: deps.now(), action, ...actorOf(request, scope) }, deps);
}
