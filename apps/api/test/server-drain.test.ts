import { connect } from "node:net";
import { signal, waitFor } from "@drover/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { json, submitted } from "./job-steps.js";
import { startApi, type TestApi } from "./test-api.js";
import { watchedQueue } from "./watched-queue.js";

let api: TestApi;
afterEach(() => api.close());

describe("a server that drains", () => {
  it("answers the request under way, closes that connection, and takes no other", async () => {
    const { queue, watched } = await watchedQueue();
    api = await startApi({ queue });
    const { job_id } = await submitted(api);
    const watching = watched();
    const poll = fetch(`${api.url}/api/jobs/${job_id}?wait=60`);
    await watching;
    const drained = api.server.drain(10_000);
    api.stop.abort();
    const response = await poll;
    expect(response.status).toBe(200);
    expect(response.headers.get("connection")).toBe("close");
    expect((await json(response)).status).toBe("queued");
    await drained;
    await expect(fetch(`${api.url}/livez`)).rejects.toThrow();
    await api.server.drain(0);
  });

  it("answers once more on a connection that it has, telling the client to close it", async () => {
    api = await startApi();
    const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    const get = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    socket.write(get);
    await waitFor(() => text.includes("alive"));
    expect(text).toContain("Connection: keep-alive");
    text = "";
    const drained = api.server.drain(20_000);
    socket.write(get);
    await waitFor(() => text.includes("alive"));
    expect(text).toContain("Connection: close");
    await drained;
  });

  it("cuts what is left when its time is over", async () => {
    api = await startApi();
    const closed = signal();
    const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
    socket.on("error", () => {});
    socket.on("close", () => closed.resolve());
    socket.write(
      "POST /api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 99999\r\n\r\n--b\r\n",
    );
    await waitFor(() => socket.bytesWritten > 0 && socket.writableLength === 0);
    await waitFor(() => api.deps.processors.known.length > 0);
    await api.server.drain(50);
    expect(api.lines.at(-1)?.message).toBe("POST /api/upload client gone");
    await closed.promise;
  });
});
