import { type JobRequest, parseJobId } from "@drover/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  attemptFolder,
  decodeManifest,
  encodeManifest,
  INPUTS,
  inputFolder,
  inputKey,
  JOBS,
  jobFolder,
  type Manifest,
  manifestKey,
} from "../src/index.js";

const ID = parseJobId("0199c2f0-0000-7000-8000-000000000001");

const REQUEST: JobRequest = {
  id: ID,
  processor: "moodle-log",
  input: {
    key: inputKey("u1"),
    filename: "lög\n.csv",
    sizeBytes: 1,
    mediaType: "text/csv",
    sha256: "00".repeat(32),
  },
  params: { timezone: "Europe/Lisbon" },
  tags: {},
  priority: 0,
  runAt: null,
  maxAttempts: 3,
  timeoutMs: null,
  queueTimeoutMs: null,
  fingerprint: null,
  createdAt: 1_767_225_600_000,
};

describe("a manifest", () => {
  it.each<Manifest["settled"]>([null, { status: "failed", at: 5 }, { status: "cancelled", at: 6 }])(
    "reads back what was written, settled as %j",
    (settled) => {
      const manifest: Manifest = { version: 1, request: REQUEST, settled };
      expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
    },
  );

  it("is none when it was torn anywhere", () => {
    const text = encodeManifest({ version: 1, request: REQUEST, settled: null });
    fc.assert(
      fc.property(fc.nat({ max: text.length - 1 }), (length) => {
        expect(decodeManifest(text.slice(0, length))).toBeUndefined();
      }),
    );
  });

  it("is none in any text that is something else", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(decodeManifest(text)).toBeUndefined();
      }),
    );
  });

  it.each([
    ["a later version", { version: 2, request: REQUEST, settled: null }],
    ["no version", { request: REQUEST, settled: null }],
    ["no request", { version: 1, settled: null }],
    ["a request without an id", { version: 1, request: { ...REQUEST, id: undefined }, settled: null }],
    ["a request without an input", { version: 1, request: { ...REQUEST, input: undefined }, settled: null }],
    ["a request that is a list", { version: 1, request: [REQUEST], settled: null }],
    ["a list", [1]],
    ["null", null],
  ])("is none with %s", (_what, value) => {
    expect(decodeManifest(JSON.stringify(value))).toBeUndefined();
  });
});

describe("the keys of blobs", () => {
  it("put the manifest beside the input", () => {
    expect(inputKey("u1")).toBe("inputs/u1/file");
    expect(inputFolder(inputKey("u1"))).toBe("inputs/u1");
    expect(manifestKey(inputKey("u1"))).toBe("inputs/u1/manifest.json");
  });

  it("put every attempt into a folder of its own below the job's", () => {
    expect(attemptFolder(ID, 2, "a1b2")).toBe(`jobs/${ID}/2-a1b2`);
    expect(attemptFolder(ID, 2, "a1b2").startsWith(`${jobFolder(ID)}/`)).toBe(true);
  });

  it("lie below the two prefixes that are swept", () => {
    expect(inputKey("u1").startsWith(INPUTS)).toBe(true);
    expect(jobFolder(ID).startsWith(JOBS)).toBe(true);
  });
});
