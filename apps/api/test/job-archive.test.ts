import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chunksOf } from "@drover/testkit";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromBufferPromise } from "yauzl";
import { completeWithAll, finished, formWith, json, type MadeFile, submitted } from "./job-steps.js";
import { rawGet } from "./raw-get.js";
import { startApi, type TestApi } from "./test-api.js";

const TABLE = Buffer.from("id,name\n".repeat(40_000));
const NOISE = randomBytes(200_000); // not small: read from the store in pieces
const FILES: readonly MadeFile[] = [
  { name: "events.csv", bytes: TABLE, kept: "gzip" },
  { name: "empty.txt", bytes: Buffer.alloc(0) },
  { name: "noise.bin", bytes: NOISE },
  { name: "older.csv", bytes: TABLE.subarray(0, 5_000), kept: "uncounted" },
  { name: "short.csv", bytes: Buffer.from("a,b\n"), kept: "gzip" },
];

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

async function jobWith(files: readonly MadeFile[], filename = "Course log.csv"): Promise<string> {
  const form = formWith("a,b\n", {}, filename);
  const { job_id } = await finished(api, (attempt) => completeWithAll(api, attempt, files), form);
  return `${api.url}/api/jobs/${job_id}`;
}

async function contentsOf(archive: Buffer): Promise<Record<string, Buffer>> {
  const zip = await fromBufferPromise(archive, { lazyEntries: true, strictFileNames: true });
  const contents: Record<string, Buffer> = {};
  for await (const entry of zip.eachEntry()) {
    const parts: Buffer[] = [];
    for await (const part of await zip.openReadStreamPromise(entry)) parts.push(part as Buffer);
    contents[entry.fileName] = Buffer.concat(parts);
  }
  return contents;
}

const expected = (files = FILES) => Object.fromEntries(files.map(({ name, bytes }) => [name, bytes]));

describe("the archive of a job", () => {
  it("holds every artifact, and its length was told before", async () => {
    const { status, headers, body } = await rawGet(`${await jobWith(FILES)}/archive`);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "application/zip",
      "content-length": String(body.length),
      "content-disposition": 'attachment; filename="Course log-results.zip"',
      "accept-ranges": "bytes",
      etag: expect.stringMatching(/^"zip-[\w-]{43}"$/),
    });
    expect(headers["repr-digest"]).toBeUndefined();
    expect(await contentsOf(body)).toEqual(expected());
  });

  it.runIf(hasUnzip())("is whole for unzip", async () => {
    const { body } = await rawGet(`${await jobWith(FILES)}/archive`);
    const folder = await mkdtemp(join(tmpdir(), "drover-zip-"));
    try {
      writeFileSync(join(folder, "all.zip"), body);
      const said = execFileSync("unzip", ["-t", join(folder, "all.zip")], { encoding: "utf8" });
      expect(said).toContain("No errors detected");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("is put together again from any ranges of it, over all borders of its parts", async () => {
    const url = `${await jobWith(FILES)}/archive`;
    const { body, headers } = await rawGet(url);
    const length = body.length;
    const borders: number[] = [];
    for (const mark of ["PK\x03\x04", "PK\x01\x02", "PK\x05\x06"])
      for (let at = body.indexOf(mark, 0, "latin1"); at >= 0; at = body.indexOf(mark, at + 1, "latin1"))
        borders.push(at);
    expect(borders.length).toBeGreaterThanOrEqual(2 * FILES.length + 1);
    const read = async (start: number, end: number) => {
      const answer = await rawGet(url, { range: `bytes=${start}-${end}`, "if-range": headers.etag });
      expect([answer.status, answer.headers["content-range"]]).toEqual([
        206,
        `bytes ${start}-${end}/${length}`,
      ]);
      expect(answer.body.equals(body.subarray(start, end + 1))).toBe(true);
    };
    for (const border of borders) {
      await read(border, border);
      if (border > 0) await read(border - 1, border);
      await read(Math.max(0, border - 40), Math.min(length - 1, border + 60));
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(length - 1), fc.nat(length - 1), (a, b) =>
        read(Math.min(a, b), Math.max(a, b)),
      ),
      { numRuns: 20 },
    );
  });

  it("is the same bytes each time, 304 for who has them, and whole for a range of others", async () => {
    const url = `${await jobWith(FILES)}/archive`;
    const first = await rawGet(url);
    const again = await rawGet(url, { "accept-encoding": "gzip", "if-none-match": '"x"' });
    expect(again.body.equals(first.body)).toBe(true);
    expect(again.headers.etag).toBe(first.headers.etag);
    expect((await rawGet(url, { "if-none-match": first.headers.etag })).status).toBe(304);
    const other = await rawGet(url, { range: "bytes=5-", "if-range": '"x"' });
    expect([other.status, other.body.length]).toEqual([200, first.body.length]);
    expect((await rawGet(url, { range: `bytes=${first.body.length}-` })).status).toBe(416);
  });

  it("has another tag for other artifacts", async () => {
    const etagOf = async (files: readonly MadeFile[]) =>
      (await rawGet(`${await jobWith(files)}/archive`, {}, "HEAD")).headers.etag;
    expect(await etagOf([{ name: "a.csv", bytes: TABLE }])).not.toBe(
      await etagOf([{ name: "a.csv", bytes: TABLE.subarray(1) }]),
    );
  });

  it("answers HEAD with its length, without reading what nobody counted", async () => {
    const url = `${await jobWith(FILES)}/archive`;
    const { body } = await rawGet(url);
    const opened: string[] = [];
    const open = api.store.open.bind(api.store);
    api.store.open = (key, range) => {
      opened.push(key);
      return open(key, range);
    };
    const head = await rawGet(url, {}, "HEAD");
    expect([head.status, head.headers["content-length"], head.body.length]).toEqual([
      200,
      `${body.length}`,
      0,
    ]);
    expect(opened).toEqual([]);
  });

  it.each([
    ["naïve 学生.csv", "na%C3%AFve%20%E5%AD%A6%E7%94%9F-results.zip"],
    ["no ending", "no ending-results.zip"],
  ])("of %j has its name", async (filename, shown) => {
    const { headers } = await rawGet(`${await jobWith(FILES, filename)}/archive`, {}, "HEAD");
    expect(headers["content-disposition"]).toContain(shown);
  });

  it.each([
    ["gone", undefined],
    ["cut", TABLE.subarray(0, 7)],
  ])("is 404 before any header when the bytes of one artifact are %s", async (_how, bytes) => {
    const url = `${await jobWith(FILES)}/archive`;
    for await (const { key } of api.store.list("jobs/")) {
      if (!key.endsWith("noise.bin")) continue;
      await (bytes === undefined ? api.store.remove(key) : api.store.put(key, chunksOf(bytes)));
    }
    const { status, headers, body } = await rawGet(url);
    expect([status, headers.etag]).toEqual([404, undefined]);
    expect(JSON.parse(String(body))).toMatchObject({
      code: "artifact_not_found",
      detail: expect.stringContaining("noise.bin"),
    });
  });

  it("is sent to its end when its files are removed meanwhile", async () => {
    const url = `${await jobWith(FILES)}/archive`;
    const { body } = await rawGet(url);
    const open = api.store.open.bind(api.store);
    api.store.open = async (key, range) => {
      const bytes = await open(key, range);
      if (!key.endsWith("events.csv") || bytes === undefined) return bytes;
      return (async function* () {
        await api.store.remove("jobs");
        yield* bytes;
      })();
    };
    expect((await rawGet(url)).body.equals(body)).toBe(true);
    expect((await rawGet(url)).status).toBe(404);
  });

  it("is 409 while the job is not finished, and 404 of one that has no artifacts", async () => {
    const none = await rawGet(`${await jobWith([])}/archive`);
    expect(none.status).toBe(404);
    expect(JSON.parse(String(none.body))).toMatchObject({ code: "artifact_not_found" });
    const { job_id } = await submitted(api);
    const early = await fetch(`${api.url}/api/jobs/${job_id}/archive`);
    expect(early.status).toBe(409);
    expect(await json(early)).toMatchObject({ code: "job_not_finished" });
  });
});

describe("the download of a job", () => {
  it("is the primary artifact, else the only one, else the archive", async () => {
    const [first, second] = [
      { name: "a.csv", bytes: Buffer.from("a") },
      { name: "b.csv", bytes: Buffer.from("b") },
    ];
    const download = async (files: readonly MadeFile[]) =>
      (await rawGet(`${await jobWith(files)}/download`)).body;
    expect(String(await download([first, { ...second, isPrimary: true }]))).toBe("b");
    expect(String(await download([first]))).toBe("a");
    expect(await contentsOf(await download([first, second]))).toEqual(expected([first, second]));
  });

  it("is a ZIP for the second existing client, the processor's own where it made one", async () => {
    const [table, zip] = [
      { name: "a.csv", bytes: Buffer.from("a"), isPrimary: true },
      { name: "results.zip", bytes: Buffer.from("zip"), isPrimary: true },
    ];
    const download = async (files: readonly MadeFile[]) =>
      (await rawGet((await jobWith(files)).replace("/api/jobs/", "/api/download/"))).body;
    expect(await contentsOf(await download([table]))).toEqual(expected([table]));
    expect(String(await download([{ ...table, isPrimary: false }, zip]))).toBe("zip");
  });
});

function hasUnzip(): boolean {
  try {
    execFileSync("unzip", ["-v"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
