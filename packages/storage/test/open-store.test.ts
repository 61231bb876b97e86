import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { chunksOf, storeIn } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import { openStore, spaceOf } from "../src/index.js";

describe("the store that a setting names", () => {
  it("is a folder, absolute, relative or as a file URL", async () => {
    const folder = await mkdtemp(join(tmpdir(), "drover-open-"));
    try {
      const store = await storeIn(folder);
      await store.put("k", chunksOf("x"));
      const specs = [`file:${folder}`, `file:${relative(process.cwd(), folder)}`, pathToFileURL(folder).href];
      for (const spec of specs) {
        expect(await openStore(spec).stat("k")).toMatchObject({ sizeBytes: 1 });
        const { sizeBytes, freeBytes } = await spaceOf(spec);
        expect(sizeBytes).toBeGreaterThan(1 << 20);
        expect(freeBytes).toBeLessThanOrEqual(sizeBytes);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each(["", "file:", "./blobs", "s3://key:secret@bucket/prefix", "ftp://host"])(
    "is refused when it reads %j",
    (spec) => {
      expect(() => openStore(spec)).toThrow(/^DROVER_STORAGE: expected file:<folder>/);
    },
  );

  it("is refused without repeating a secret in it", () => {
    expect(() => openStore("s3://key:secret@bucket")).not.toThrow(/secret/);
    expect(() => openStore("s3://key:secret@bucket")).toThrow(/s3:/);
  });
});
