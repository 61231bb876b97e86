import { connect, type Socket } from "node:net";
import { signal, waitFor } from "@drover/testkit";
import { expect } from "vitest";
import type { TestApi } from "./test-api.js";

const B = "xXBoundaryXx";
const PATH = "/api/processors/any-file/jobs";
type Body = string | Buffer;

/** A part of a form, as bytes. */
export function part(headers: string, content: Body = "content"): Buffer {
  return Buffer.concat([
    Buffer.from(`--${B}\r\n${headers}\r\n\r\n`),
    Buffer.from(content),
    Buffer.from("\r\n"),
  ]);
}
export const disposition = (rest: string) => `Content-Disposition: form-data; ${rest}`;

/** A part with a file. */
export const file = (rest = 'name="file"; filename="a.csv"', content?: Body) =>
  part(disposition(rest), content);

/** What ends a form. */
export const END = Buffer.from(`--${B}--\r\n`);

/** Uploads the parts as they are. */
export async function send(api: TestApi, ...parts: Buffer[]): Promise<Response> {
  return fetch(`${api.url}${PATH}`, {
    method: "POST",
    body: Buffer.concat(parts),
    headers: { "content-type": `multipart/form-data; boundary=${B}` },
  });
}

/** A connection of our own, for what no client library sends. */
export function open(api: Pick<TestApi, "url">): {
  socket: Socket;
  answer: () => string;
  closed: Promise<void>;
} {
  const { port } = new URL(api.url);
  const socket = connect(Number(port), "127.0.0.1");
  const closed = signal();
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  socket.on("close", () => closed.resolve());
  return { socket, answer: () => text, closed: closed.promise };
}

/** The head of an upload, for a connection of our own. */
export const head = (length: number | string, extra = "") =>
  `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=${B}\r\n` +
  `Content-Length: ${length}\r\n${extra}\r\n`;

/** Neither a file nor a job is left of what was refused. */
export async function nothingIsLeft(api: TestApi): Promise<void> {
  await waitFor(async () => (await api.keys()).length === 0, { what: "an empty store" });
  expect((await api.queue.jobs.list({ limit: 5 })).jobs).toEqual([]);
}
