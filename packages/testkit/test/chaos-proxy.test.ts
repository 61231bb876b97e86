import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ChaosProxy, chaosProxy, seededBytes, waitFor } from "../src/index.js";

/** Longer than a byte takes through the proxy, by far; how long a test listens to silence. */
const SILENCE_MS = 100;

describe("a bad network", () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined).on("close", () => sockets.delete(socket)));
    socket.pipe(socket);
  });
  let proxy: ChaosProxy;

  beforeEach(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    proxy = await chaosProxy(
      `redis://:secret@127.0.0.1:${typeof address === "object" ? address?.port : 0}/1`,
    );
  });

  afterEach(async () => {
    await proxy.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  /** A client of the echo server through the proxy. */
  async function client() {
    const socket = connect(proxy.port, "127.0.0.1");
    const state = { socket, received: Buffer.alloc(0), isClosed: false };
    socket.on("data", (chunk) => {
      state.received = Buffer.concat([state.received, chunk]);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      state.isClosed = true;
    });
    await once(socket, "connect");
    return state;
  }

  it("has the target's URL with its own address", () => {
    expect(proxy.url).toBe(`redis://:secret@127.0.0.1:${proxy.port}/1`);
  });

  it("passes bytes both ways while it is healthy", async () => {
    const bytes = seededBytes(2_000_000);
    const { socket, ...rest } = await client();
    const state = { ...rest, received: 0 };
    socket.on("data", (chunk) => {
      state.received += chunk.byteLength;
    });
    socket.write(bytes);
    await waitFor(() => state.received === bytes.byteLength);
  });

  it("resets open and new connections when it is cut, until it heals", async () => {
    const before = await client();
    proxy.cut();
    await waitFor(() => before.isClosed);
    const during = client().then((state) => waitFor(() => state.isClosed));
    // The reset may come before the client knows that it was connected.
    await during.catch((error: unknown) => expect(error).toMatchObject({ code: "ECONNRESET" }));
    expect(proxy.connections).toBe(0);
    proxy.heal();
    const after = await client();
    after.socket.write("hello");
    await waitFor(() => after.received.toString() === "hello");
  });

  it("holds everything in silence and delivers it when it heals, once", async () => {
    const { socket, ...unused } = await client();
    const received: Buffer[] = [];
    socket.on("data", (chunk) => received.push(chunk));
    socket.write("before ");
    await waitFor(() => Buffer.concat(received).toString() === "before ");
    proxy.silence();
    socket.write("during");
    await sleep(SILENCE_MS); // nothing is what is waited for
    expect(Buffer.concat(received).toString()).toBe("before ");
    expect(unused.isClosed).toBe(false);
    proxy.heal();
    await waitFor(() => Buffer.concat(received).toString() === "before during");
    proxy.heal();
    socket.write(" after");
    await waitFor(() => Buffer.concat(received).toString() === "before during after");
  });

  it("accepts connections in silence, which hear nothing until it heals", async () => {
    proxy.silence();
    const quiet = await client();
    quiet.socket.write("hello");
    await sleep(SILENCE_MS);
    expect(quiet.received.byteLength).toBe(0);
    proxy.heal();
    await waitFor(() => quiet.received.toString() === "hello");
  });

  it("does not tell the other side in silence that a connection ended, and does so when it heals", async () => {
    const leaving = await client();
    leaving.socket.write("x");
    await waitFor(() => leaving.received.byteLength === 1);
    expect(sockets.size).toBe(1);
    proxy.silence();
    leaving.socket.destroy();
    await sleep(SILENCE_MS);
    expect(sockets.size).toBe(1);
    proxy.heal();
    await waitFor(() => sockets.size === 0);
  });

  it("ends both sides with either", async () => {
    const leaving = await client();
    leaving.socket.write("x");
    await waitFor(() => sockets.size === 1);
    leaving.socket.end();
    await waitFor(() => sockets.size === 0 && proxy.connections === 0);
    const left = await client();
    left.socket.write("x");
    await waitFor(() => sockets.size === 1);
    for (const socket of sockets) socket.destroy();
    await waitFor(() => left.isClosed);
  });

  it("drops what it has when it closes, and closes twice", async () => {
    const dropped = await client();
    await Promise.all([proxy.close(), proxy.close()]);
    await waitFor(() => dropped.isClosed);
    await expect(client()).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
