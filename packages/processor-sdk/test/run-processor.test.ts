import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Context, defineProcessor, InputInvalidError, runAttempt } from "../src/index.js";
import { runProcessor } from "../src/testing.js";

const Params = z.strictObject({ suffix: z.string().default("!") });

/** A processor that does what the test says. */
function processorOf(run: (context: Context<z.infer<typeof Params>>) => Promise<unknown>) {
  return defineProcessor({ name: "trial", version: "1.0.0", description: "For tests.", params: Params, run });
}

/** Writes a whole artifact. */
async function write(context: Context<unknown>, name: string, text = "x", options = {}): Promise<void> {
  const stream = context.artifact(name, options);
  stream.end(text);
  await once(stream, "finish");
}

describe("an attempt in a test", () => {
  it("hands the processor its input, as path and stream, and its params with their defaults", async () => {
    const processor = processorOf(async ({ input, params, attempt }) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of input.stream()) chunks.push(chunk);
      return {
        ...input,
        path: await readFile(input.path, "utf8"),
        streamed: Buffer.concat(chunks).toString() + params.suffix,
        attempt,
      };
    });
    const { result } = await runProcessor(processor, {
      input: "abc",
      filename: "log.csv",
      mediaType: "text/csv",
    });
    expect(result).toMatchObject({
      filename: "log.csv",
      mediaType: "text/csv",
      sizeBytes: 3,
      sha256: createHash("sha256").update("abc").digest("hex"),
      path: "abc",
      streamed: "abc!",
      attempt: 1,
    });
  });

  it("reads an input file where it lies, and leaves it there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "drover-sdk-"));
    try {
      const path = join(folder, "grades.csv");
      await writeFile(path, "a,b");
      const processor = processorOf(async ({ input }) => [input.path, input.filename]);
      const { result } = await runProcessor(processor, { input: { path } });
      expect(result).toEqual([path, "grades.csv"]);
      expect(await readFile(path, "utf8")).toBe("a,b");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("answers null for a processor that returns nothing", async () => {
    expect(
      (
        await runProcessor(
          processorOf(async () => undefined),
          { input: "" },
        )
      ).result,
    ).toBeNull();
  });

  it("refuses params that the schema refuses, without running", async () => {
    let ran = false;
    const processor = processorOf(async () => {
      ran = true;
    });
    await expect(runProcessor(processor, { input: "", params: { suffix: 1 } })).rejects.toThrow(TypeError);
    expect(ran).toBe(false);
  });

  it("throws what the processor throws", async () => {
    const error = new InputInvalidError("Row 12: no time.");
    const failing = processorOf(async () => {
      throw error;
    });
    await expect(runProcessor(failing, { input: "" })).rejects.toBe(error);
  });

  it("hands over log lines and the signal", async () => {
    const stop = new AbortController();
    const processor = processorOf(async ({ log, signal }) => {
      log.debug("d");
      log.info("i");
      log.warn("w");
      log.error("e");
      stop.abort("cancelled");
      return signal.reason;
    });
    const { logs, result } = await runProcessor(processor, { input: "", signal: stop.signal });
    expect(logs.map(({ level, message }) => `${level}:${message}`)).toEqual([
      "debug:d",
      "info:i",
      "warn:w",
      "error:e",
    ]);
    expect(result).toBe("cancelled");
  });

  it("leaves no folder behind, whether it succeeds or fails", async () => {
    const seen: string[] = [];
    const processor = processorOf(async (context) => {
      seen.push(context.scratch, context.input.path);
      await writeFile(join(context.scratch, "tmp"), "x");
      if (seen.length > 2) throw new Error("broke");
    });
    await runProcessor(processor, { input: "x" });
    await expect(runProcessor(processor, { input: "x" })).rejects.toThrow("broke");
    expect(new Set(seen).size).toBe(4);
    for (const path of seen) await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("keeps its files in a folder that the test names", async () => {
    const folder = await mkdtemp(join(tmpdir(), "drover-sdk-"));
    try {
      const { artifacts, primary } = await runProcessor(
        processorOf((context) => write(context, "out.txt", "kept")),
        { input: "", folder },
      );
      expect(artifacts.size).toBe(0);
      expect(primary).toBe("out.txt");
      const [run] = await readdir(folder);
      expect(await readFile(join(folder, run ?? "", "artifacts/out.txt"), "utf8")).toBe("kept");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("progress", () => {
  it("is clamped to 0–100 and never falls, whatever the processor says", async () => {
    const said = fc.array(fc.oneof(fc.double(), fc.integer({ min: -50, max: 150 })), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(said, async (percents) => {
        const processor = processorOf(async ({ progress }) => {
          for (const percent of percents) progress(percent);
        });
        const { progress } = await runProcessor(processor, { input: "" });
        const told = progress.map(({ percent }) => percent);
        expect(told).toHaveLength(percents.length);
        expect(told).toEqual([...told].sort((a, b) => a - b));
        expect(told.every((percent) => percent >= 0 && percent <= 100)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it("tells stage and message also when the percent stays", async () => {
    const processor = processorOf(async ({ progress }) => {
      progress(50, { stage: "read" });
      progress(20, { stage: "write", message: "Writing" });
      progress(Number.NaN);
    });
    expect((await runProcessor(processor, { input: "" })).progress).toMatchObject([
      { percent: 50, stage: "read", message: undefined },
      { percent: 50, stage: "write", message: "Writing" },
      { percent: 50, stage: undefined, message: undefined },
    ]);
  });
});

describe("artifacts", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "drover-sdk-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  /** Runs with the host that a worker provides, which sees paths, sizes and digests. */
  async function artifactsOf(run: (context: Context<unknown>) => Promise<unknown>) {
    const { artifacts } = await runAttempt(processorOf(run), {
      input: { filename: "f", mediaType: "text/plain", sizeBytes: 0, sha256: "", path: "/dev/null" },
      params: {},
      attempt: 1,
      signal: new AbortController().signal,
      folder,
      onProgress: () => undefined,
      onLog: () => undefined,
    });
    return artifacts;
  }

  it("are 200 at most, and the next one's name is refused before anything is written", async () => {
    let named = 0;
    const run = async (context: Context<unknown>) => {
      for (; named < 100_000; named++) await writeFile(context.artifactPath(`a${named}`), "");
    };
    await expect(artifactsOf(run)).rejects.toThrow("An attempt keeps at most 200 artifacts.");
    expect(named).toBe(200);
    expect(await readdir(join(folder, "artifacts"))).toHaveLength(200);
  });

  it("are counted, hashed and typed by their ending", async () => {
    const artifacts = await artifactsOf(async (context) => {
      await write(context, "a.CSV", "a,b\n");
      await write(context, "b.bin");
      await write(context, "c.txt", "x", { mediaType: "text/markdown", isPrimary: true });
      await writeFile(context.artifactPath("d.zip"), "zip");
    });
    expect(artifacts).toMatchObject([
      {
        name: "a.CSV",
        sizeBytes: 4,
        mediaType: "text/csv",
        isPrimary: false,
        sha256: createHash("sha256").update("a,b\n").digest("hex"),
      },
      { name: "b.bin", mediaType: "application/octet-stream", isPrimary: false },
      { name: "c.txt", mediaType: "text/markdown", isPrimary: true },
      { name: "d.zip", mediaType: "application/zip", isPrimary: false, sizeBytes: 3 },
    ]);
    for (const { path } of artifacts) expect(path.startsWith(join(folder, "artifacts"))).toBe(true);
  });

  it("take a pipeline of several megabytes", async () => {
    const bytes = Buffer.alloc(5_000_000, "drover");
    const [artifact] = await artifactsOf(async (context) => pipeline([bytes], context.artifact("big.bin")));
    expect(artifact).toMatchObject({
      sizeBytes: bytes.byteLength,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    });
  });

  it("are primary when alone, unless they say otherwise", async () => {
    expect(await artifactsOf((context) => write(context, "only.txt"))).toMatchObject([{ isPrimary: true }]);
  });

  it("are not primary against their word", async () => {
    const run = (context: Context<unknown>) => write(context, "only.txt", "x", { isPrimary: false });
    expect(await artifactsOf(run)).toMatchObject([{ isPrimary: false }]);
  });

  it("are refused with two primaries", async () => {
    const run = async (context: Context<unknown>) => {
      for (const name of ["a", "b"]) await write(context, name, "x", { isPrimary: true });
    };
    await expect(artifactsOf(run)).rejects.toThrow(/Only one artifact can be primary; got a, b/);
  });

  it.each(["", ".", "..", ".hidden", "../up", "a/b", "a\\b", "a b", "ä", "-x", "a\n", "x".repeat(129)])(
    "are refused under the name %j, before any file is made",
    async (name) => {
      await expect(artifactsOf(async (context) => context.artifact(name))).rejects.toThrow(TypeError);
      expect(await readdir(folder)).toEqual([]);
    },
  );

  it("are refused twice under one name, in either way of writing", async () => {
    const twice = async (context: Context<unknown>) => {
      await write(context, "a.txt");
      context.artifactPath("a.txt");
    };
    await expect(artifactsOf(twice)).rejects.toThrow(/was made before/);
  });

  it("are refused when a stream was not ended", async () => {
    const run = async (context: Context<unknown>) => {
      const stream = context.artifact("a.txt");
      await new Promise((resolve) => stream.write("half", resolve));
    };
    await expect(artifactsOf(run)).rejects.toThrow(/a\.txt was not ended/);
  });

  it("are refused when a path was asked for and nothing written to it", async () => {
    await expect(artifactsOf(async (context) => context.artifactPath("a.txt"))).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});
