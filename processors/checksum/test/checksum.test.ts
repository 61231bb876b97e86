import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProcessor } from "@drover/processor-sdk/testing";
import { seededBytes, sha256Hex } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import checksumDefault, { checksum } from "../src/index.js";

/** The smallest PNG header that names itself. */
const PNG = Buffer.from(
  "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000049444154789c6360000000000000ffff",
  "hex",
);

describe("the checksum processor", () => {
  it("answers digest, size and media type of a file", async () => {
    const { result } = await runProcessor(checksum, { input: "abc", mediaType: "text/plain" });
    expect(result).toEqual({
      sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      size_bytes: 3,
      media_type: "text/plain",
    });
  });

  it("believes the bytes more than what the client said of them", async () => {
    const { result } = await runProcessor(checksum, { input: PNG, mediaType: "text/csv" });
    expect(result).toMatchObject({ media_type: "image/png" });
  });

  it("takes an empty file", async () => {
    const { result, progress } = await runProcessor(checksum, { input: "" });
    expect(result).toMatchObject({
      size_bytes: 0,
      sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    });
    expect(progress.every(({ percent }) => Number.isFinite(percent))).toBe(true);
  });

  it("progresses by the bytes it read, up to 100", async () => {
    const bytes = seededBytes(4 * 1024 * 1024);
    const { progress, result } = await runProcessor(checksum, { input: bytes });
    const percents = progress.map(({ percent }) => percent);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(percents).toEqual(expect.arrayContaining([25, 50, 75, 100]));
    expect(result).toMatchObject({ sha256: sha256Hex(bytes) });
  });

  it.each(["log.csv", "with  spaces.bin", "back\\slash", "line\nbreak"])(
    "writes one artifact that sha256sum accepts, for a file called %j",
    async (filename) => {
      const bytes = seededBytes(10_000);
      const { artifacts, primary } = await runProcessor(checksum, { input: bytes, filename });
      expect([...artifacts.keys()]).toEqual(["checksum.txt"]);
      expect(primary).toBe("checksum.txt");
      const folder = await mkdtemp(join(tmpdir(), "drover-sum-"));
      try {
        await writeFile(join(folder, filename), bytes);
        const line = artifacts.get("checksum.txt") ?? "";
        execFileSync("sha256sum", ["--check", "--strict", "--status"], { cwd: folder, input: line });
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );

  it("stops when its signal aborts", async () => {
    const signal = AbortSignal.abort(new Error("cancelled"));
    await expect(runProcessor(checksum, { input: "abc", signal })).rejects.toThrow("cancelled");
  });

  it("takes no params", async () => {
    expect(checksum.parseParams({}).ok).toBe(true);
    expect(checksum.parseParams(undefined).ok).toBe(true);
    expect(checksum.parseParams({ algorithm: "md5" }).ok).toBe(false);
  });

  it("is the module's default export and accepts any file up to 64 GiB", () => {
    expect(checksumDefault).toBe(checksum);
    expect(checksum.accepts).toEqual({ extensions: [], mediaTypes: [] });
    expect(checksum.limits.maxInputBytes).toBe(64 * 1024 ** 3);
  });
});
