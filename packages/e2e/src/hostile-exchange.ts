import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { waitFor } from "@drover/testkit";
import { System } from "./system.js";

export type Bytes = string | Buffer;

/** One of the answers on a connection. */
export interface RawAnswer {
  readonly status: number;
  /** As it came, in lower case. */
  readonly head: string;
  readonly body: string;
}

export interface ExchangeOptions {
  /** What becomes of the connection when all is sent. Default: the client waits for the server to close it. */
  readonly then?: "end" | "destroy";
  /** The client gives up after this time, in ms. Default 15 s. */
  readonly patienceMs?: number;
}

/**
 * Sends the bytes on a connection of their own, as no client library would.
 * @returns every answer that came until the connection was closed.
 * @throws when the server has not closed it in time.
 */
export function exchange(
  system: System,
  bytes: string | Uint8Array,
  { then, patienceMs = 15_000 }: ExchangeOptions = {},
): Promise<readonly RawAnswer[]> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(system.url());
    const socket = connect(Number(port), "127.0.0.1", () => {
      socket.write(bytes, () => {
        if (then === "end") socket.end();
        if (then === "destroy") socket.destroy();
      });
    });
    const chunks: Buffer[] = [];
    const text = () => Buffer.concat(chunks).toString("utf8");
    const patience = setTimeout(() => {
      socket.destroy();
      reject(new Error(`The connection was left open. So far came: ${text().slice(0, 500)}`));
    }, patienceMs);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => {
      clearTimeout(patience);
      resolve(answersIn(text()));
    });
  });
}

/** Answers that each say their length, as all of ours do but streams and 204s. */
function answersIn(text: string): readonly RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = Buffer.from(text); rest.length > 0; ) {
    const end = rest.indexOf("\r\n\r\n");
    const head = rest.subarray(0, end === -1 ? rest.length : end).toString();
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    const body = rest.subarray(end + 4, end + 4 + length).toString();
    answers.push({ status, head: head.toLowerCase(), body });
    rest = end === -1 ? Buffer.alloc(0) : rest.subarray(end + 4 + length);
  }
  return answers;
}

/** The code of a problem document; what else came, when it is none. */
export function codeOf({ head, body }: RawAnswer): string {
  if (!head.includes("content-type: application/problem+json")) return `no problem document: ${head}`;
  return (JSON.parse(body) as { readonly code: string }).code; // every one has it
}

/** The part that holds the file, and one that holds a field. */
export const file = (content: Bytes = "a,b\n1,2\n") => named('name="file"; filename="a.csv"', content);
export const field = (name: string, value: string) => named(`name="${name}"`, value);

/**
 * Starts a system whose api is spoken to, and returns it with what it holds. Accepted jobs stay in the queue, and
 * the store is the api's alone.
 */
export async function startTarget(
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly system: System; readonly before: Footprint }> {
  const system = await System.start({ apis: 1, workers: 1, env });
  await system.workers[0]?.kill();
  await exchange(system, upload(END)); // what is loaded with the first upload
  const underWay = join(system.blobs, ".tmp"); // as of a check of the store that the worker died in
  await waitFor(async () => (await filesBelow(underWay)).length === 0, { deadlineMs: 30_000 });
  return { system, before: await footprintOf(system) };
}

/** What an api and its store hold; what a refused request must leave as it was. */
export interface Footprint {
  /** Paths below the store's folder. */
  readonly files: readonly string[];
  /** Of the api's process: files, sockets, pipes. */
  readonly descriptors: number;
}

export async function footprintOf(system: System): Promise<Footprint> {
  const descriptors = await readdir(`/proc/${system.apis[0]?.pid}/fd`);
  const folders = ["inputs", "jobs", ".tmp"].map((name) => filesBelow(join(system.blobs, name)));
  return { files: (await Promise.all(folders)).flat().sort(), descriptors: descriptors.length };
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []); // not made yet
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

/**
 * Waits until the api holds no more than before, which takes it a moment, and answers.
 * @throws with what there is when that does not happen.
 */
export async function assertUntouched(system: System, before: Footprint): Promise<void> {
  let now = await footprintOf(system);
  const isAsBefore = async () => {
    now = await footprintOf(system);
    return now.files.join() === before.files.join() && now.descriptors <= before.descriptors;
  };
  await waitFor(isAsBefore, { deadlineMs: 15_000 }).catch(() => {
    throw new Error(`Was ${JSON.stringify(before)}, is ${JSON.stringify(now)}`);
  });
  const [alive] = await exchange(system, request("GET", "/livez"));
  if (alive?.status !== 200) throw new Error(`The api answers ${alive?.status} to GET /livez.`);
}

/** A request that asks for its connection to be closed, as bytes. */
export function request(
  method: string,
  path: string,
  { headers = [], body }: { readonly headers?: readonly string[]; readonly body?: string | Uint8Array } = {},
): Buffer {
  const content = Buffer.from(body ?? "");
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "Host: localhost",
    "Connection: close",
    ...headers,
    ...(body === undefined ? [] : [`Content-Length: ${content.length}`]),
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), content]);
}

const BOUNDARY = "xXBoundaryXx";

/** The header of a form made of the parts below. */
export const FORM = `Content-Type: multipart/form-data; boundary=${BOUNDARY}`;
/** What ends a form. */
export const END = `--${BOUNDARY}--\r\n`;

/** A part of a form under headers of its own, as bytes. */
export function part(headers: string, content: string | Uint8Array = "x"): Buffer {
  return joined(`--${BOUNDARY}\r\n${headers}\r\n\r\n`, content, "\r\n");
}

/** A part whose disposition is `rest`, as `name="file"; filename="a.csv"`. */
export function named(rest: string, content?: string | Uint8Array): Buffer {
  return part(`Content-Disposition: form-data; ${rest}`, content);
}

/** A submit whose form has these parts and nothing else. */
export function upload(...parts: readonly (string | Uint8Array)[]): Buffer {
  return request("POST", "/api/processors/digest/jobs", { headers: [FORM], body: joined(...parts) });
}

export function joined(...parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(parts.map((bytes) => (typeof bytes === "string" ? Buffer.from(bytes) : bytes)));
}
