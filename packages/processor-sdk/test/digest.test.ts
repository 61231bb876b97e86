import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { sha256OfFiles } from "../src/digest.js";

describe("the digests of output files", () => {
  let folder: string;
  afterEach(() => rm(folder, { recursive: true }));

  it("are those of the contents, in the order of the files, small and large", async () => {
    folder = await mkdtemp(join(tmpdir(), "drover-digest-"));
    const contents = [
      Buffer.alloc(0),
      Buffer.alloc((16 << 20) + 1, "a"),
      Buffer.from("b"),
      Buffer.alloc(20 << 20, "c"),
      Buffer.alloc(17 << 20, "d"),
    ];
    const files = await Promise.all(
      contents.map(async (content, i) => {
        const path = join(folder, `${i}`);
        await writeFile(path, content);
        return { path, sizeBytes: content.length };
      }),
    );
    const expected = contents.map((content) => createHash("sha256").update(content).digest("hex"));
    expect(await sha256OfFiles(files)).toEqual(expected);
  });

  it("cannot be had of a file that is not there", async () => {
    folder = await mkdtemp(join(tmpdir(), "drover-digest-"));
    const path = join(folder, "absent");
    await expect(sha256OfFiles([{ path, sizeBytes: 1 }])).rejects.toMatchObject({ code: "ENOENT" });
    await expect(sha256OfFiles([{ path, sizeBytes: 1 << 30 }])).rejects.toMatchObject({ code: "ENOENT" });
  });
});
