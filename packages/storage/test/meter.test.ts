import { chunksOf, readAll, sha256Hex } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import { meter } from "../src/index.js";

describe("a meter", () => {
  it("counts and hashes what flows through it, unchanged", async () => {
    const counted = meter();
    expect((await readAll(counted.through(chunksOf("abc", 2)))).toString()).toBe("abc");
    expect(counted.total()).toEqual({
      sizeBytes: 3,
      sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    });
  });

  it("counts nothing of a source without chunks", async () => {
    const counted = meter();
    await readAll(counted.through(chunksOf("")));
    expect(counted.total()).toEqual({ sizeBytes: 0, sha256: sha256Hex("") });
  });

  it("never passes on more than the limit", async () => {
    const passed: string[] = [];
    const reading = (async () => {
      for await (const chunk of meter({ maxBytes: 5 }).through(chunksOf("abcdefgh", 3))) {
        passed.push(Buffer.from(chunk).toString());
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "file_too_large" });
    expect(passed).toEqual(["abc"]);
  });
});
