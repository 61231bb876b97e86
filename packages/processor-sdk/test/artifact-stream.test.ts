import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { link, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32, gunzipSync } from "node:zlib";
import { canMount, mountMemory } from "@drover/testkit";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ArtifactStream } from "../src/artifact-stream.js";
import { isCompressible } from "../src/gzip-pieces.js";
import { keepFile } from "../src/written-file.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const never = new AbortController().signal;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "drover-artifact-"));
});
afterEach(() => rm(folder, { recursive: true }));
const file = (name = "out") => join(folder, name);

/** Bytes that cannot be compressed, the same at every run. */
function noise(length: number): Buffer {
  let seed = 1;
  return Buffer.from(
    Uint8Array.from({ length }, () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed >> 8;
    }),
  );
}

/** What every artifact's description says of the bytes, and what its file holds. */
function expectKept(kept: ArtifactStream["kept"], bytes: Buffer, path = file()): void {
  const stored = readFileSync(path);
  expect(kept).toMatchObject({ sizeBytes: bytes.length, sha256: sha256(bytes), crc32: crc32(bytes) });
  if (kept.gzip === undefined) expect(stored.equals(bytes)).toBe(true);
  else {
    expect(kept.gzip).toEqual({ sizeBytes: stored.length, sha256: sha256(stored) });
    expect(gunzipSync(stored).equals(bytes)).toBe(true);
    expect(stored.subarray(0, 10).toString("hex")).toBe("1f8b08000000000000ff");
  }
}

describe("an artifact's stream", () => {
  it("keeps any bytes, in whatever chunks they come, and counts them", async () => {
    const run = fc.record({
      mediaType: fc.constantFrom("text/csv", "video/mp4"),
      chunks: fc.array(
        fc.record({
          bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
          times: fc.constantFrom(1, 3, 30, 5_000, 40_000),
        }),
        { maxLength: 8 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(run, async ({ mediaType, chunks }) => {
        const parts = chunks.map(({ bytes, times }) => Buffer.alloc(bytes.length * times, bytes));
        const bytes = Buffer.concat(parts);
        const stream = new ArtifactStream(file(), mediaType);
        await pipeline(Readable.from(parts), stream);
        expectKept(stream.kept, bytes);
        expect(stream.kept.gzip !== undefined).toBe(mediaType === "text/csv" && bytes.length >= 1_024);
        await rm(file());
      }),
      { numRuns: 40 },
    );
  });

  it("keeps bytes that cannot be made smaller, over the borders of many pieces", async () => {
    const bytes = noise((5 << 19) + 1);
    for (const mediaType of ["text/plain", "application/zip"]) {
      const stream = new ArtifactStream(file(mediaType.slice(0, 4)), mediaType);
      await pipeline(Readable.from([bytes]), stream);
      expectKept(stream.kept, bytes, file(mediaType.slice(0, 4)));
    }
  });

  it("makes the same file of the same bytes", async () => {
    const bytes = Buffer.alloc(3 << 19, "a,b,c\n");
    for (const [name, parts] of [
      ["one", [bytes]],
      ["many", Array.from({ length: 96 }, (_, i) => bytes.subarray(i << 14, (i + 1) << 14))],
    ] as const) {
      await pipeline(Readable.from(parts), new ArtifactStream(file(name), "text/csv"));
    }
    expect(readFileSync(file("one")).equals(readFileSync(file("many")))).toBe(true);
  });

  it("lets its writer use a buffer again once the write is done", async () => {
    const stream = new ArtifactStream(file(), "text/plain");
    const buffer = Buffer.alloc(700_000);
    const expected: Buffer[] = [];
    for (let i = 0; i < 6; i++) {
      buffer.fill(`line ${i}\n`);
      expected.push(Buffer.from(buffer));
      await new Promise((resolve) => stream.write(buffer, resolve));
    }
    buffer.fill(0);
    stream.end();
    await once(stream, "finish");
    expectKept(stream.kept, Buffer.concat(expected));
  });

  it("knows nothing before it has finished", async () => {
    const stream = new ArtifactStream(file(), "text/plain");
    stream.write("half");
    expect(() => stream.kept).toThrow(/out was not ended/);
    stream.end();
    expect(() => stream.kept).toThrow(TypeError);
    await once(stream, "finish");
    expect(stream.kept.sizeBytes).toBe(4);
  });

  it("does not write over a file, and fails with the system's own error", async () => {
    await writeFile(file(), "mine");
    const failed = pipeline(Readable.from(["x"]), new ArtifactStream(file(), "text/plain"));
    await expect(failed).rejects.toMatchObject({ code: "EEXIST", syscall: "open" });
    expect(await readFile(file(), "utf8")).toBe("mine");
  });

  it.skipIf(!canMount()).each(["text/plain", "image/png"])(
    "of %s fails when the disk is full",
    async (type) => {
      const disk = mountMemory(folder, "size=1m");
      try {
        const failed = pipeline(Readable.from([noise(3 << 20)]), new ArtifactStream(file(), type));
        await expect(failed).rejects.toMatchObject({ code: "ENOSPC", syscall: "write" });
      } finally {
        disk.unmount();
      }
    },
  );

  it.runIf(process.platform === "linux")("closes its file when it is destroyed in the middle", async () => {
    const stream = new ArtifactStream(file(), "text/csv");
    for (let i = 0; i < 8; i++) stream.write(Buffer.alloc(1 << 19, `${i},`));
    await new Promise((resolve) => stream.write("more", resolve));
    stream.destroy();
    await once(stream, "close");
    const open = readdirSync("/proc/self/fd").map((fd) => {
      const path = `/proc/self/fd/${fd}`;
      return existsSync(path) ? readlinkSync(path) : "";
    });
    expect(open).not.toContain(file());
    expect(() => stream.kept).toThrow(TypeError);
  });
});

describe("a file that a processor wrote by itself", () => {
  const table = Buffer.alloc(3_000_000, "id,name\n");

  it.each([
    ["text/csv", table, true],
    ["text/csv", table.subarray(0, 1_023), false],
    ["text/csv", Buffer.alloc(0), false],
    ["application/octet-stream", table, false],
  ])("of %s is kept as it is worth while (%#)", async (mediaType, bytes, isPacked) => {
    await writeFile(file(), bytes);
    const kept = await keepFile(file(), mediaType, never);
    expect(kept.gzip !== undefined).toBe(isPacked);
    expectKept(kept, bytes);
    expect(await readdir(folder)).toEqual(["out"]);
  });

  it.each([
    ["a symbolic link", symlink],
    ["a hard link", link],
  ])("is not read when it is %s", async (_, make) => {
    await writeFile(file("secret"), table);
    await make(file("secret"), file());
    expect(await keepFile(file(), "text/csv", never)).toMatchObject({ sha256: "" });
    expect(readFileSync(file("secret")).equals(table)).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(["out", "secret"]);
  });

  it("is no artifact when it is not there, and is not packed for an attempt that was stopped", async () => {
    await expect(keepFile(file(), "text/csv", never)).rejects.toMatchObject({ code: "ENOENT" });
    await writeFile(file(), table);
    await expect(keepFile(file(), "text/csv", AbortSignal.abort())).rejects.toThrow("aborted");
  });
});

describe("what is compressed", () => {
  it.each([
    "text/csv",
    "Text/Plain; charset=utf-8",
    "application/json",
    "application/ld+json",
    "application/xml",
    "image/svg+xml",
    "application/x-ndjson",
    "application/javascript",
  ])("is %s", (type) => expect(isCompressible(type)).toBe(true));

  it.each([
    "image/png",
    "video/mp4",
    "application/zip",
    "application/gzip",
    "application/octet-stream",
    "",
    "text",
  ])("is not %j", (type) => expect(isCompressible(type)).toBe(false));
});
