import { type LookupAddress, lookup } from "node:dns";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import {
  type DeliveryProblem,
  isAddressAllowed,
  literalOf,
  type ReceiverPolicy,
  refusalOfReceiver,
} from "@drover/core";

/** One POST. */
export interface ReceiverCall {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came back: an answer of any status, or why there is none. */
export type CallAnswer =
  | { readonly kind: "answered"; readonly statusCode: number; readonly retryAfter: string | undefined }
  | {
      readonly kind: "failed";
      readonly problem: Extract<DeliveryProblem, "address_refused" | "unreachable" | "timeout">;
    };

export interface CallDeps {
  readonly policy: ReceiverPolicy;
  /** Longest time from the look-up of the name to the answer, in ms. Default 15,000. */
  readonly timeoutMs?: number;
  /** The addresses of a name. Default: the system's, with its hosts file. */
  readonly resolve?: (hostname: string) => Promise<readonly LookupAddress[]>;
}

const TIMEOUT_MS = 15_000;
/** More of an answer is not read, in bytes; nothing of it is kept. */
const MAX_ANSWER_BYTES = 65_536;

/**
 * Calls a receiver. Its name is looked up once, here; all its addresses have to be allowed, and the connection
 * goes to one of these, so that a name that leads elsewhere the next moment leads nowhere. Redirects are answers
 * like any other. Never rejects.
 *
 * The system's resolver runs on Node's threads for slow work, of which it may take half: files go on.
 */
export async function callReceiver(call: ReceiverCall, deps: CallDeps): Promise<CallAnswer> {
  if (refusalOfReceiver(call.url, deps.policy) !== undefined)
    return { kind: "failed", problem: "address_refused" };
  const signal = AbortSignal.timeout(deps.timeoutMs ?? TIMEOUT_MS);
  const failed = (): CallAnswer => ({ kind: "failed", problem: signal.aborted ? "timeout" : "unreachable" });
  try {
    const url = new URL(call.url);
    const addresses = await addressesOf(url, { ...deps, signal });
    if (addresses.length === 0) return failed();
    if (!addresses.every(({ address }) => isAddressAllowed(address, deps.policy)))
      return { kind: "failed", problem: "address_refused" };
    return (await post(url, call, { addresses, signal })) ?? failed();
  } catch {
    return failed();
  }
}

/** @throws when the name cannot be looked up, or the signal aborts. */
async function addressesOf(
  url: URL,
  { resolve = resolveBySystem, signal }: Pick<CallDeps, "resolve"> & { readonly signal: AbortSignal },
): Promise<readonly LookupAddress[]> {
  const literal = literalOf(url);
  if (literal !== undefined) return [{ address: literal, family: isIP(literal) }];
  const aborted = new Promise<never>((_resolve, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
  );
  return Promise.race([resolve(url.hostname), aborted]);
}

function resolveBySystem(hostname: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) =>
    lookup(hostname, { all: true }, (error, addresses) =>
      error === null ? resolve(addresses) : reject(error),
    ),
  );
}

/** `undefined` when there was no answer. */
function post(
  url: URL,
  { headers, body }: ReceiverCall,
  { addresses, signal }: { readonly addresses: readonly LookupAddress[]; readonly signal: AbortSignal },
): Promise<CallAnswer | undefined> {
  return new Promise((resolve) => {
    let answer: CallAnswer | undefined;
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    const request = send(url, {
      method: "POST",
      headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
      agent: false, // no connection is kept, and no proxy is asked
      lookup: leadingTo(addresses),
      signal,
    });
    request.on("response", (response) => {
      const { statusCode = 0 } = response;
      answer = { kind: "answered", statusCode, retryAfter: response.headers["retry-after"] };
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) response.destroy();
      });
      response.on("error", () => {}); // the status is known, which is all that counts
    });
    request.on("error", () => {}); // told by the close that follows
    request.on("close", () => resolve(answer));
    request.end(body);
  });
}

/** A look-up that answers what is known, whatever the name. */
function leadingTo(addresses: readonly LookupAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? "", first?.family);
  };
}
