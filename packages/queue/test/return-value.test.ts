import { randomUUID } from "node:crypto";
import type { Artifact } from "@drover/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DamagedError } from "../src/record-checks.js";
import { decodeReturnValue, encodeReturnValue } from "../src/return-value.js";

const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
const artifact = fc.record(
  {
    name: fc.stringMatching(/^[a-z][a-z0-9._-]{0,20}$/),
    folder: fc.constantFrom("jobs/a/1-x", "jobs/b/2-y"),
    sizeBytes: fc.maxSafeNat(),
    mediaType: fc.constantFrom("text/csv", "application/zip"),
    sha256: fc.oneof({ weight: 9, arbitrary: digest }, { weight: 1, arbitrary: fc.constant("00") }),
    isPrimary: fc.boolean(),
    crc32: fc.nat(0xffffffff),
    gzip: fc.record({ sizeBytes: fc.maxSafeNat(), sha256: digest }),
  },
  { requiredKeys: ["name", "folder", "sizeBytes", "mediaType", "sha256", "isPrimary"] },
);

describe("the return value of a completed job", () => {
  it("is read as it was written, whatever its artifacts are", () => {
    const artifacts = fc.oneof(
      fc.array(artifact, { maxLength: 5 }),
      fc.array(
        artifact.map((one) => ({ ...one, folder: "jobs/a/1-x" })),
        { maxLength: 5 },
      ),
    );
    fc.assert(
      fc.property(artifacts, fc.jsonValue(), (made, result) => {
        const value = {
          result,
          artifacts: made.map(
            ({ folder, ...rest }): Artifact => ({ ...rest, key: `${folder}/${rest.name}` }),
          ),
        };
        const json = JSON.stringify(encodeReturnValue(value));
        expect(decodeReturnValue(json)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("is short: six compressed artifacts take 1.5 KiB", () => {
    const sha256 = "0123456789abcdef".repeat(4);
    const folder = `jobs/${randomUUID()}/1-0123abcd`;
    const artifacts = Array.from({ length: 6 }, (_, i): Artifact => {
      const name = `enriched_log_bloom_${i}.csv`;
      const facts = {
        sizeBytes: 198_455_062,
        mediaType: "text/csv",
        sha256,
        isPrimary: false,
        crc32: 4_000_000_000,
      };
      return { ...facts, name, key: `${folder}/${name}`, gzip: { sizeBytes: 19_845_506, sha256 } };
    });
    const json = JSON.stringify(encodeReturnValue({ result: null, artifacts }));
    expect(json.length).toBeLessThan(1_536);
  });

  it.each([
    '{"folder":"jobs/a","artifacts":[null]}',
    '{"folder":"jobs/a","artifacts":[{"name":"a","sizeBytes":1,"mediaType":"a/b","sha256":7}]}',
    '{"folder":"jobs/a","artifacts":[{"name":"a","sizeBytes":1,"mediaType":"a/b","sha256":"AA","gzip":[1]}]}',
    '{"folder":"../..","artifacts":[{"name":"a","sizeBytes":1,"mediaType":"a/b","sha256":"AA"}]}',
    '{"folder":"jobs/a","artifacts":{}}',
  ])("is damaged as %s", (json) => {
    expect(() => decodeReturnValue(json)).toThrow(DamagedError);
  });
});
