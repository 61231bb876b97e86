import { readdir, readlink } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { DomainError } from "@drover/core";
import { signal, testStore, waitFor } from "@drover/testkit";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { displayName, mediaTypeOf } from "../src/uploads/upload.js";
import { ANY, json, startApi, type TestApi, type TestApiOptions } from "./test-api.js";

let api: TestApi;
const start = async (options?: TestApiOptions) => {
  api = await startApi(options);
};
afterEach(() => api?.close());

const B = "xXBoundaryXx";
const PATH = "/api/processors/any-file/jobs";
type Body = string | Buffer;

function part(headers: string, content: Body = "content"): Buffer {
  return Buffer.concat([
    Buffer.from(`--${B}\r\n${headers}\r\n\r\n`),
    Buffer.from(content),
    Buffer.from("\r\n"),
  ]);
}
const disposition = (rest: string) => `Content-Disposition: form-data; ${rest}`;
const file = (rest = 'name="file"; filename="a.csv"', content?: Body) => part(disposition(rest), content);
const END = Buffer.from(`--${B}--\r\n`);

async function send(...parts: Buffer[]): Promise<Response> {
  return fetch(`${api.url}${PATH}`, {
    method: "POST",
    body: Buffer.concat(parts),
    headers: { "content-type": `multipart/form-data; boundary=${B}` },
  });
}

/** A connection of our own, for what no client library sends. */
function open(): { socket: Socket; answer: () => string; closed: Promise<void> } {
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

const head = (length: number | string, extra = "") =>
  `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=${B}\r\nContent-Length: ${length}\r\n${extra}\r\n`;

const nothingIsLeft = async () => {
  await waitFor(async () => (await api.keys()).length === 0, { what: "an empty store" });
  expect((await api.queue.jobs.list({ limit: 5 })).jobs).toEqual([]);
};

describe("rubbish as a multipart form is a 400 and leaves nothing behind:", () => {
  beforeEach(() => start());
  it.each<[string, () => Buffer[]]>([
    ["no part at all", () => [END]],
    ["an empty body", () => []],
    ["a body that is no form", () => [Buffer.from("a,b\n1,2\n")]],
    ["a file that breaks off", () => [file().subarray(0, -4)]],
    ["a form without its end", () => [file()]],
    ["a file without a name of the part", () => [file('filename="a.csv"'), END]],
    ["a field without a name", () => [file(), part("Content-Disposition: form-data", "x"), END]],
    ["a part without headers", () => [file(), part(""), END]],
    ["a part without a disposition", () => [part("Content-Type: text/csv"), END]],
    ["the file twice", () => [file(), file(), END]],
    ["a file with an empty name", () => [file('name="file"; filename=""'), END]],
    ["a part named __proto__", () => [file(), part(disposition('name="__proto__"'), "x"), END]],
    [
      "a part named constructor[prototype]",
      () => [file(), part(disposition('name="constructor[prototype]"'), "x"), END],
    ],
    [
      "a form within a form",
      () => [
        part(
          `${disposition('name="file"')}\r\nContent-Type: multipart/mixed; boundary=in`,
          '--in\r\nContent-Disposition: file; filename="a.csv"\r\n\r\nx\r\n--in--',
        ),
        END,
      ],
    ],
    [
      "too many fields",
      () => [file(), ...Array.from({ length: 20 }, (_, i) => part(disposition(`name="f${i}"`), "x")), END],
    ],
    ["a field name without end", () => [file(), part(disposition(`name="${"n".repeat(500)}"`), "x"), END]],
    [
      "a header without end",
      () => [part(`${disposition('name="file"; filename="a.csv"')}\r\nX-Long: ${"x".repeat(100_000)}`), END],
    ],
    [
      "a header line broken by a bare LF",
      () => [part('Content-Disposition: form-data; name="file"\n filename="a.csv"'), END],
    ],
    ["NUL bytes for headers", () => [part("\0\0\0\0"), END]],
    ["random bytes", () => [Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256))]],
  ])("%s", async (_what, parts) => {
    const response = await send(...parts());
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    await nothingIsLeft();
  });

  it("a form without a boundary", async () => {
    const response = await fetch(`${api.url}${PATH}`, {
      method: "POST",
      body: "x",
      headers: { "content-type": "multipart/form-data; x=y" },
    });
    expect(response.status).toBe(400);
    await nothingIsLeft();
  });
});

describe("a file name is for display:", () => {
  beforeEach(() => start());
  it.each([
    ["UTF-8", 'filename="Übung – Kopie.csv"', "Übung – Kopie.csv"],
    ["RFC 5987", "filename=\"x.csv\"; filename*=UTF-8''%C3%9Cbung.csv", "Übung.csv"],
    ["folders", 'filename="../../etc/passwd.csv"', "passwd.csv"],
    ["folders of Windows", 'filename="C:\\\\Users\\\\me\\\\log.csv"', "log.csv"],
    ["escaped line breaks and quotes", 'filename="a%0D%0AX-Evil: 1%22.csv"', 'aX-Evil: 1".csv'],
    ["control characters", "filename*=UTF-8''a%07%1B%5B31mb.csv", "a[31mb.csv"],
    ["characters that turn the text around", 'filename="gpj\u202egpj.csv"', "gpjgpj.csv"],
    ["the Arabic letter mark and line separators", 'filename="a\u061cb\u2028c\u2029.csv"', "abc.csv"],
    ["controls only", "filename*=UTF-8''%07%1B", "unnamed"],
    ["emoji", 'filename="🐂.csv"', "🐂.csv"],
  ])("%s", async (_what, name, shown) => {
    const response = await send(file(`name="file"; ${name}`), END);
    expect(response.status).toBe(202);
    expect((await json(response))["input"]).toMatchObject({ filename: shown });
    for (const key of await api.keys()) expect(key).toMatch(/^inputs\/[0-9a-f]+\/(file|manifest\.json)$/);
  });

  it("a very long one keeps its ending", async () => {
    const response = await send(file(`name="file"; filename="${"x".repeat(600)}.csv"`), END);
    const { filename } = (await json(response))["input"] as { filename: string };
    expect(filename).toHaveLength(255);
    expect(filename.endsWith("x.csv")).toBe(true);
  });

  it("whatever comes, it is 1 to 255 characters without controls and slashes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
        const name = displayName(text);
        expect([...name].length).toBeGreaterThan(0);
        expect([...name].length).toBeLessThanOrEqual(255);
        expect(name).not.toMatch(/[\p{Cc}/\\]/u);
      }),
    );
  });

  it("a media type is one or none", () => {
    expect(mediaTypeOf("Text/CSV; charset=utf-8")).toBe("text/csv");
    for (const odd of ["", "csv", "text/", "a/b/c", "text/<script>", `text/${"x".repeat(99)}`]) {
      expect(mediaTypeOf(odd)).toBe("application/octet-stream");
    }
  });
});

describe("a disk", () => {
  it("has no file, no temporary file and no open descriptor left of uploads that broke off", async () => {
    const { store, folder } = await testStore();
    await start({ store });
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const { socket, closed } = open();
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
    const response = await send(file(), END);
    expect(response.status).toBe(507);
    expect(await json(response)).toMatchObject({ code: "storage_full" });
    expect((await fetch(`${api.url}/api/jobs`)).status).toBe(200);
    await nothingIsLeft();
  });

  it("that breaks is an opaque 500, and nothing is left", async () => {
    const { store } = await testStore();
    await start({ store });
    const put = store.put.bind(store);
    store.put = async (key, ...rest) => {
      if (key.endsWith("manifest.json")) throw new Error("EIO");
      return put(key, ...rest);
    };
    const response = await send(file(), END);
    expect(response.status).toBe(500);
    await nothingIsLeft();
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
    const { socket, closed } = open();
    socket.write(head(1_000_000));
    socket.write(file(undefined, "x".repeat(100_000)).subarray(0, -2));
    await waitFor(() => socket.bytesWritten > 100_000 && socket.writableLength === 0);
    socket.destroy();
    await closed;
    await waitFor(() => api.lines.find(({ message }) => message.includes("client gone")));
    await nothingIsLeft();
  });

  it("that goes silent in the middle of a file is refused when its time is over", async () => {
    await start({
      deps: {
        limits: { maxUploadBytes: 1 << 20, retentionMs: { completed: 1, failed: 1 }, uploadStallMs: 100 },
      },
    });
    const { socket, answer } = open();
    socket.write(head(500_000));
    socket.write(file(undefined, "x".repeat(10_000)).subarray(0, -2));
    await waitFor(() => answer().includes("stalled"));
    expect(answer()).toMatch(/^HTTP\/1\.1 400 .*Connection: close/s);
    socket.destroy();
    await nothingIsLeft();
  });

  it("that drips on, at 1 KiB in each period, is served", async () => {
    await start({
      deps: {
        limits: { maxUploadBytes: 1 << 20, retentionMs: { completed: 1, failed: 1 }, uploadStallMs: 150 },
      },
    });
    const { socket, answer } = open();
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
    const wanted = open();
    const body = Buffer.concat([file(), END]);
    wanted.socket.write(head(body.length, "Expect: 100-continue\r\n"));
    await waitFor(() => wanted.answer().startsWith("HTTP/1.1 100 Continue"));
    wanted.socket.write(body);
    await waitFor(() => wanted.answer().includes("HTTP/1.1 202"));
    wanted.socket.destroy();
    const huge = open();
    huge.socket.write(head(ANY.limits.maxInputBytes * 2, "Expect: 100-continue\r\n"));
    await waitFor(() => huge.answer().startsWith("HTTP/1.1 413"));
    huge.socket.destroy();
  });

  it("of a client that reads only after it has sent everything gets the refusal, not a reset", async () => {
    await start();
    const { socket, answer } = open();
    const content = Buffer.alloc(32 << 20, "x");
    const body = Buffer.concat([part(disposition('name="wrong"; filename="a.csv"'), content), END]);
    socket.pause();
    socket.write(head(body.length));
    await new Promise((resolve) => socket.write(body, resolve));
    socket.resume();
    await waitFor(() => answer().includes("is not a file of this form"));
    expect(answer()).toMatch(/^HTTP\/1\.1 400 /);
    await nothingIsLeft();
  });

  it("that never sends its JSON body is refused when its time is over", async () => {
    await start({
      deps: { limits: { maxUploadBytes: 1, retentionMs: { completed: 1, failed: 1 }, uploadStallMs: 50 } },
    });
    const { socket, answer } = open();
    socket.write(
      "POST /api/jobs/12345678-1234-1234-1234-123456789abc/retry HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
    );
    await waitFor(() => answer().includes("stalled"));
    expect(answer()).toMatch(/^HTTP\/1\.1 400 /);
    socket.destroy();
  });

  it("may carry the next request after an accepted upload", async () => {
    await start();
    const { socket, answer } = open();
    const body = Buffer.concat([file(), END]);
    socket.write(head(body.length));
    socket.write(body);
    await waitFor(() => answer().includes("HTTP/1.1 202"));
    socket.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await waitFor(() => answer().includes('"alive"'));
    socket.destroy();
  });
});
