import { readdir, readlink } from "node:fs/promises";
import { DomainError } from "@drover/core";
import { testStore, waitFor } from "@drover/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { disposition, END, file, head, nothingIsLeft, open, part, send } from "./form-bytes.js";
import { json } from "./job-steps.js";
import { ANY, startApi, type TestApi, type TestApiOptions } from "./test-api.js";

let api: TestApi;
const start = async (options?: TestApiOptions) => {
  api = await startApi(options);
};
afterEach(() => api?.close());

describe("a disk", () => {
  it("has no file, no temporary file and no open descriptor left of uploads that broke off", async () => {
    const { store, folder } = await testStore();
    await start({ store });
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const { socket, closed } = open(api);
        socket.write(head(9_000_000));
        socket.write(file(undefined, "x".repeat(2_000_000)).subarray(0, -2));
        await waitFor(() => socket.bytesWritten > 2_000_000 && socket.writableLength === 0);
        socket.destroy();
        await closed;
      }),
    );
    await waitFor(() => api.lines.filter(({ message }) => message.includes("client gone")).length === 10);
    await waitFor(async () => (await filesBelow(folder)).join() === "installation.json");
    if (process.platform === "linux") {
      const open = await Promise.all(
        (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
      );
      expect(open.filter((path) => path.startsWith(folder))).toEqual([]);
    }
  });

  it("that is full is a 507, and reads go on", async () => {
    const { store } = await testStore();
    await start({ store });
    store.put = async () => {
      throw new DomainError("storage_full", "The disk is full.");
    };
    const response = await send(api, file(), END);
    expect(response.status).toBe(507);
    expect(await json(response)).toMatchObject({ code: "storage_full" });
    expect((await fetch(`${api.url}/api/jobs`)).status).toBe(200);
    await nothingIsLeft(api);
  });

  it("that breaks is an opaque 500, and nothing is left", async () => {
    const { store } = await testStore();
    await start({ store });
    const put = store.put.bind(store);
    store.put = async (key, ...rest) => {
      if (key.endsWith("manifest.json")) throw new Error("EIO");
      return put(key, ...rest);
    };
    const response = await send(api, file(), END);
    expect(response.status).toBe(500);
    await nothingIsLeft(api);
    await waitFor(() => api.lines.some(({ level }) => level === "error"));
    api.lines.splice(0); // the one error was meant
  });
});

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

describe("a connection", () => {
  it("that the client cuts in the middle of a file leaves nothing, and is no error", async () => {
    await start();
    const { socket, closed } = open(api);
    socket.write(head(1_000_000));
    socket.write(file(undefined, "x".repeat(100_000)).subarray(0, -2));
    await waitFor(() => socket.bytesWritten > 100_000 && socket.writableLength === 0);
    socket.destroy();
    await closed;
    await waitFor(() => api.lines.find(({ message }) => message.includes("client gone")));
    await nothingIsLeft(api);
  });

  it("that goes silent in the middle of a file is refused when its time is over", async () => {
    await start({
      limits: { maxUploadBytes: 1 << 20, uploadStallMs: 100 },
    });
    const { socket, answer } = open(api);
    socket.write(head(500_000));
    socket.write(file(undefined, "x".repeat(10_000)).subarray(0, -2));
    await waitFor(() => answer().includes("stalled"));
    expect(answer()).toMatch(/^HTTP\/1\.1 408 .*Connection: close/s);
    socket.destroy();
    await nothingIsLeft(api);
  });

  it("that drips on, at 1 KiB in each period, is served", async () => {
    await start({
      limits: { maxUploadBytes: 1 << 20, uploadStallMs: 150 },
    });
    const { socket, answer } = open(api);
    const body = Buffer.concat([file(undefined, "x".repeat(40_000)), END]);
    socket.write(head(body.length));
    let sent = 0;
    const drip = setInterval(() => {
      socket.write(body.subarray(sent, sent + 2_000));
      sent += 2_000;
      if (sent >= body.length) clearInterval(drip);
    }, 20);
    await waitFor(() => answer().includes("HTTP/1.1 202"), { deadlineMs: 10_000 });
    socket.destroy();
  });

  it("that asks first is told to go on only when its upload is wanted", async () => {
    await start();
    const wanted = open(api);
    const body = Buffer.concat([file(), END]);
    wanted.socket.write(head(body.length, "Expect: 100-continue\r\n"));
    await waitFor(() => wanted.answer().startsWith("HTTP/1.1 100 Continue"));
    wanted.socket.write(body);
    await waitFor(() => wanted.answer().includes("HTTP/1.1 202"));
    wanted.socket.destroy();
    const huge = open(api);
    huge.socket.write(head(ANY.limits.maxInputBytes * 2, "Expect: 100-continue\r\n"));
    await waitFor(() => huge.answer().startsWith("HTTP/1.1 413"));
    huge.socket.destroy();
  });

  it("of a client that reads only after it has sent everything gets the refusal, not a reset", async () => {
    await start();
    const { socket, answer } = open(api);
    const content = Buffer.alloc(32 << 20, "x");
    const body = Buffer.concat([part(disposition('name="wrong"; filename="a.csv"'), content), END]);
    socket.pause();
    socket.write(head(body.length));
    await new Promise((resolve) => socket.write(body, resolve));
    socket.resume();
    await waitFor(() => answer().includes("is not a file of this form"));
    expect(answer()).toMatch(/^HTTP\/1\.1 400 /);
    await nothingIsLeft(api);
  });

  it("that never sends its JSON body is refused when its time is over", async () => {
    await start({
      limits: { maxUploadBytes: 1, uploadStallMs: 50 },
    });
    const { socket, answer } = open(api);
    socket.write(
      "POST /api/jobs/12345678-1234-1234-1234-123456789abc/retry HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
    );
    await waitFor(() => answer().includes("stalled"));
    expect(answer()).toMatch(/^HTTP\/1\.1 408 /);
    socket.destroy();
  });

  it("that is one too many is a 503 before its upload is read, until another one is over", async () => {
    const { store, folder } = await testStore();
    await start({ store, maxUploads: 2 });
    const under = [open(api), open(api)];
    for (const { socket } of under) {
      socket.write(head(1_000_000));
      socket.write(file(undefined, "x".repeat(100_000)).subarray(0, -2));
    }
    await waitFor(async () => (await filesBelow(folder)).length === 1 + under.length);
    const refused = await send(api, file(), END);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(await json(refused)).toMatchObject({ code: "at_capacity" });
    under[0]?.socket.destroy();
    await waitFor(async () => (await send(api, file(), END)).status === 202);
    under[1]?.socket.destroy();
    await waitFor(() => api.lines.filter(({ message }) => message.includes("client gone")).length === 2);
    expect(await api.keys()).toHaveLength(2);
  });

  it("may carry the next request after an accepted upload", async () => {
    await start();
    const { socket, answer } = open(api);
    const body = Buffer.concat([file(), END]);
    socket.write(head(body.length));
    socket.write(body);
    await waitFor(() => answer().includes("HTTP/1.1 202"));
    socket.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await waitFor(() => answer().includes('"alive"'));
    socket.destroy();
  });
});
