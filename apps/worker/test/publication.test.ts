import { execFileSync } from "node:child_process";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type BlobStore, DomainError } from "@drover/core";
import type { WrittenArtifact } from "@drover/processor-sdk";
import { canMount, mountMemory, newRequest, storeIn } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FolderHandle, openFolder } from "../src/attempts/folder-handle.js";
import { type Publication, publish, waitForStorage } from "../src/attempts/publish.js";
import { systemClock } from "../src/timers.js";
import { recordingLog, TestAttempt } from "./test-attempt.js";

const SECRET = "of the host, not of the job";

describe("publication", () => {
  let root: string;
  let victim: string;
  let work: string;
  let source: FolderHandle;
  let store: BlobStore;
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), "drover-publication-"));
    victim = join(root, "victim");
    work = join(root, "attempt");
    mkdirSync(victim);
    mkdirSync(join(work, "artifacts"), { recursive: true });
    writeFileSync(join(victim, "out.txt"), SECRET);
    source = await openFolder(work);
    store = await storeIn(join(root, "blobs"));
  });
  afterEach(async () => {
    await source.close();
    expect(readdirSync(victim), "nothing of the host was moved").toEqual(["out.txt"]);
    expect(readFileSync(join(victim, "out.txt"), "utf8")).toBe(SECRET);
    rmSync(root, { recursive: true });
  });

  /** What a child would report of the file that `out.txt` leads to. */
  const reported = (change: Partial<WrittenArtifact> = {}): WrittenArtifact => {
    const path = join(work, "artifacts", "out.txt");
    const { size, ctimeMs } = statSync(path);
    return {
      name: "out.txt",
      path,
      mediaType: "text/plain",
      isPrimary: true,
      sizeBytes: size,
      changedAtMs: ctimeMs,
      sha256: "00",
      crc32: 0,
      ...change,
    };
  };
  const publishEnd = (
    end: Publication["end"],
    adopt: BlobStore["adopt"] = (key, path) => store.adopt(key, path),
    attempt = new TestAttempt(newRequest({ processor: "p" }), 1),
  ) =>
    publish(
      {
        blobs: { adopt, remove: (prefix) => store.remove(prefix) },
        clock: systemClock,
        log: recordingLog(),
      },
      { attempt, end, source: { open: async () => source }, target: "jobs/j/1-x" },
    );
  const publishAll = (artifacts: readonly WrittenArtifact[], adopt?: BlobStore["adopt"]) =>
    publishEnd({ kind: "returned", result: null, artifacts }, adopt);
  const published = async () => {
    const keys: string[] = [];
    for await (const { key } of store.list("jobs/")) keys.push(key);
    return keys;
  };
  const out = () => join(work, "artifacts", "out.txt");

  test("moves a plain file of the attempt's own", async () => {
    writeFileSync(out(), "mine");
    expect(await publishAll([reported()])).toMatchObject({ kind: "completed" });
    expect(await published()).toEqual(["jobs/j/1-x/out.txt"]);
    expect(readdirSync(join(work, "artifacts"))).toEqual([]);
  });

  const WAYS: Readonly<Record<string, () => WrittenArtifact>> = {
    "the output folder replaced by a link": () => {
      rmSync(join(work, "artifacts"), { recursive: true });
      symlinkSync(victim, join(work, "artifacts"));
      return reported();
    },
    "the attempt's folder replaced by a link": () => {
      renameSync(work, join(root, "away"));
      mkdirSync(join(victim, "artifacts"));
      renameSync(join(victim, "artifacts"), join(root, "artifacts"));
      symlinkSync(root, work);
      writeFileSync(out(), "elsewhere");
      return reported();
    },
    "a symbolic link": () => {
      symlinkSync(join(victim, "out.txt"), out());
      return reported();
    },
    "a hard link": () => {
      linkSync(join(victim, "out.txt"), out());
      return reported();
    },
    "a pipe": () => {
      execFileSync("mkfifo", [out()]);
      return reported();
    },
    "a folder": () => {
      mkdirSync(out());
      return reported();
    },
    "a name that leads out": () => {
      writeFileSync(out(), "mine");
      return reported({ name: "../../victim/out.txt" });
    },
    "other bytes than were hashed": () => {
      writeFileSync(out(), "mine");
      return reported({ changedAtMs: 0 });
    },
    "a media type that would break a header": () => {
      writeFileSync(out(), "mine");
      return reported({ mediaType: "a/b\r\nX: y" });
    },
    "another size": () => {
      writeFileSync(out(), "mine");
      return reported({ sizeBytes: 3 });
    },
    "another size of its gzip": () => {
      writeFileSync(out(), "mine");
      return reported({ gzip: { sizeBytes: 3, sha256: "00" } });
    },
  };
  test.each(Object.entries(WAYS))("refuses %s for good, and moves nothing", async (_, make) => {
    expect(await publishAll([make()])).toMatchObject({
      kind: "failed",
      code: "processor_error",
      retryable: false,
    });
    expect(await published()).toEqual([]);
  });

  test("refuses a result that a child should not have sent", async () => {
    const end = { kind: "returned", result: "x".repeat(70_000), artifacts: [] } as const;
    const outcome = await publishEnd(end);
    expect(outcome).toMatchObject({ code: "processor_error", retryable: false });
  });

  test("refuses what is put in a file's place between the look and the move", async () => {
    writeFileSync(out(), "mine");
    const late: BlobStore["adopt"] = async (key, path) => {
      rmSync(out());
      linkSync(join(victim, "out.txt"), out());
      await store.adopt(key, path);
    };
    expect(await publishAll([reported()], late)).toMatchObject({ code: "processor_error", retryable: false });
    expect(await published()).toEqual([]);
  });

  test.each([
    ["its attempt is stopped while it waits for storage", new DomainError("storage_full", "No room.")],
    ["the store fails", new Error("broken")],
  ])("leaves nothing in the store when %s after a first artifact", async (_, error) => {
    writeFileSync(out(), "mine");
    writeFileSync(join(work, "artifacts", "second.txt"), "mine");
    const second = join(work, "artifacts", "second.txt");
    const { ctimeMs } = statSync(second);
    const attempt = new TestAttempt(newRequest({ processor: "p" }), 1);
    const adopt: BlobStore["adopt"] = async (key, path) => {
      if (key.endsWith("/out.txt")) return store.adopt(key, path);
      expect(await published(), "the first is stored").toHaveLength(1);
      attempt.stop("drained");
      throw error;
    };
    const artifacts = [reported(), reported({ name: "second.txt", path: second, changedAtMs: ctimeMs })];
    const outcome = await publishEnd({ kind: "returned", result: null, artifacts }, adopt, attempt).catch(
      (thrown: unknown) => thrown,
    );
    expect(outcome).toEqual(error instanceof DomainError ? { kind: "released" } : error);
    expect(await published()).toEqual([]);
  });
});

describe.skipIf(!canMount())("a disk that is full while artifacts are published", () => {
  test("pauses the publication, which goes on when there is room", async () => {
    const root = mkdtempSync(join(tmpdir(), "drover-full-"));
    const folder = join(root, "blobs");
    mkdirSync(folder);
    const disk = mountMemory(folder, "size=1m");
    try {
      const store = await storeIn(folder);
      await store.put("inputs/filler", Readable.from([Buffer.alloc(700 << 10)]));
      const file = join(root, "artifact");
      writeFileSync(file, Buffer.alloc(500 << 10));
      const attempt = new TestAttempt(newRequest({ processor: "p" }), 1);
      const sleep = () => store.remove("inputs/filler"); // while the attempt waits, somebody makes room
      const clock = { now: () => 0, monotonicMs: () => 0, sleep };
      await waitForStorage({ clock, attempt }, () => store.adopt("jobs/j/1-x/out", file));
      expect((await store.stat("jobs/j/1-x/out"))?.sizeBytes).toBe(500 << 10);
      expect(attempt.updates).toMatchObject([{ message: "Waiting for storage" }]);
      expect(readdirSync(root)).toEqual(["blobs"]);
    } finally {
      disk.unmount();
      rmSync(root, { recursive: true });
    }
  });
});

describe("work that meets a full or absent storage", () => {
  const pauses: number[] = [];
  const clock = {
    now: () => 0,
    monotonicMs: () => 0,
    sleep: async (ms: number, signal?: AbortSignal) => {
      pauses.push(ms);
      if (signal?.aborted === true) throw signal.reason;
    },
  };
  const failing = (times: number, code: "storage_full" | "storage_unavailable") => {
    let left = times;
    return async () => {
      if (left-- > 0) throw new DomainError(code, "No room.");
      return "stored";
    };
  };

  test.each(["storage_full", "storage_unavailable"] as const)(
    "of %s waits, says so, and goes on when it can",
    async (code) => {
      pauses.length = 0;
      const attempt = new TestAttempt(newRequest({ processor: "p" }), 1);
      expect(await waitForStorage({ clock, attempt }, failing(6, code))).toEqual({
        kind: "done",
        value: "stored",
      });
      expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
      expect(attempt.updates).toEqual([{ percent: 0, stage: "storage", message: "Waiting for storage" }]);
    },
  );

  test("ends when its attempt is stopped", async () => {
    const attempt = new TestAttempt(newRequest({ processor: "p" }), 1);
    attempt.stop("drained");
    expect(await waitForStorage({ clock, attempt }, failing(1, "storage_full"))).toEqual({
      kind: "stopped",
      reason: "drained",
    });
  });

  test("throws any other error on", async () => {
    const attempt = new TestAttempt(newRequest({ processor: "p" }), 1);
    const broken = () => Promise.reject(new Error("broken"));
    await expect(waitForStorage({ clock, attempt }, broken)).rejects.toThrow("broken");
  });
});
