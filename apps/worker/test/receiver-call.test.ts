import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { networksOf } from "@drover/core";
import { waitFor } from "@drover/testkit";
import { expect, it, onTestFinished } from "vitest";
import { type CallDeps, callReceiver } from "../src/webhooks/receiver-call.js";

const LOOPBACK = { isHttpAllowed: true, allowedNetworks: networksOf("127.0.0.1") };

/** A receiver on a port of its own, until the test is over. */
async function receiver(
  answer: RequestListener,
): Promise<{ port: number; server: Server; connections: () => number }> {
  let count = 0;
  const server = createServer(answer).on("connection", () => {
    count += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, server, connections: () => count };
}

const call = (url: string, deps: Partial<CallDeps> = {}) =>
  callReceiver({ url, headers: { "webhook-id": "msg_1" }, body: '{"a":1}' }, { policy: LOOPBACK, ...deps });

it("posts the body with its headers to the address that was checked, under the name of the URL", async () => {
  let seen: unknown;
  const { port } = await receiver(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    seen = { method: request.method, url: request.url, host: request.headers.host, body };
    response.writeHead(204).end();
  });
  const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
  const answer = await call(`http://hooks.example.com:${port}/there?x=1`, { resolve });
  expect(answer).toEqual({ kind: "answered", statusCode: 204, retryAfter: undefined });
  expect(seen).toEqual({
    method: "POST",
    url: "/there?x=1",
    host: `hooks.example.com:${port}`,
    body: '{"a":1}',
  });
});

it("makes no connection to a name that leads anywhere that is not allowed", async () => {
  const { port, connections } = await receiver((_request, response) => response.end());
  const policy = { isHttpAllowed: true, allowedNetworks: [] };
  const leadsTo = (...addresses: string[]) => ({
    policy,
    resolve: async () => addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
  });
  const refused = { kind: "failed", problem: "address_refused" };
  const url = `http://hooks.example.com:${port}/`;
  expect(await call(url, leadsTo("127.0.0.1"))).toEqual(refused);
  expect(await call(url, leadsTo("93.184.215.14", "127.0.0.1"))).toEqual(refused);
  expect(await call(url, leadsTo("::ffff:127.0.0.1"))).toEqual(refused);
  expect(await call(`http://127.0.0.1:${port}/`, { policy })).toEqual(refused);
  expect(await call(`https://[::1]:${port}/`, { policy })).toEqual(refused);
  expect(await call(`http://localhost:${port}/`, { policy })).toEqual(refused);
  expect(connections()).toBe(0);
});

it("asks for a name once: what it leads to the next moment does not matter", async () => {
  const { port, connections } = await receiver((_request, response) => response.end());
  let asked = 0;
  const rebinding = async () => {
    asked += 1;
    return [{ address: asked === 1 ? "127.0.0.1" : "10.0.0.1", family: 4 }];
  };
  const url = `http://hooks.example.com:${port}/`;
  expect(await call(url, { resolve: rebinding })).toMatchObject({ statusCode: 200 });
  expect([asked, connections()]).toEqual([1, 1]);
  expect(await call(url, { resolve: rebinding })).toEqual({ kind: "failed", problem: "address_refused" });
  expect([asked, connections()]).toEqual([2, 1]);
});

it("does not follow a redirect", async () => {
  const inner = await receiver((_request, response) => response.end());
  const { port } = await receiver((_request, response) =>
    response.writeHead(307, { location: `http://127.0.0.1:${inner.port}/` }).end(),
  );
  expect(await call(`http://127.0.0.1:${port}/`)).toMatchObject({ kind: "answered", statusCode: 307 });
  expect(inner.connections()).toBe(0);
});

it("reads no more of an endless answer than a bound, and counts its status", async () => {
  let sent = 0;
  let isClosed = false;
  const { port } = await receiver((_request, response) => {
    response.on("close", () => {
      isClosed = true;
    });
    const more = () => {
      sent += 16_384;
      if (isClosed) return;
      if (response.write(Buffer.alloc(16_384))) setImmediate(more);
      else response.once("drain", more);
    };
    more();
  });
  expect(await call(`http://127.0.0.1:${port}/`)).toMatchObject({ kind: "answered", statusCode: 200 });
  await waitFor(() => isClosed);
  expect(sent).toBeLessThan(16 << 20); // what fits into the sockets on the way
});

it("gives up on a receiver that says nothing, or goes on for ever before its answer", async () => {
  const { port } = await receiver(() => {});
  expect(await call(`http://127.0.0.1:${port}/`, { timeoutMs: 200 })).toEqual({
    kind: "failed",
    problem: "timeout",
  });
  const never = () => new Promise<never>(() => {});
  expect(await call("http://hooks.example.com/", { timeoutMs: 200, resolve: never })).toEqual({
    kind: "failed",
    problem: "timeout",
  });
});

it("takes a closed port, a name that is none and an answer that is no HTTP as unreachable", async () => {
  const unreachable = { kind: "failed", problem: "unreachable" };
  const { port, server } = await receiver(() => {});
  server.on("connection", (socket) => socket.end("SSH-2.0-x\r\n"));
  expect(await call(`http://127.0.0.1:${port}/`)).toEqual(unreachable);
  expect(await call(`https://127.0.0.1:${port}/`)).toEqual(unreachable);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(await call(`http://127.0.0.1:${port}/`)).toEqual(unreachable);
  const none = () => Promise.reject(new Error("ENOTFOUND"));
  expect(await call("http://hooks.example.com/", { resolve: none })).toEqual(unreachable);
  expect(await call("http://hooks.example.com/", { resolve: async () => [] })).toEqual(unreachable);
});
