import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@drover/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { save } from "../src/save.js";
import { JOB_ID, serve } from "./fixtures.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drover-save-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function clientOf(bytes: string, promised = bytes, disposition = "attachment; filename=results.zip") {
  const sha256 = createHash("sha256").update(promised).digest("hex");
  const baseUrl = await serve((_, response) => {
    response.writeHead(200, { etag: `"${sha256}"`, "content-disposition": disposition }).end(bytes);
  });
  return createClient({ baseUrl });
}

test("an artifact is saved under its name in a folder, or under the name that was asked for", async () => {
  const client = await clientOf("bytes");
  const named = await save({ client, jobId: JOB_ID, output: `${folder}/new/` });
  expect(named).toBe(join(folder, "new/results.zip"));
  expect(readFileSync(named, "utf8")).toBe("bytes");
  expect(await save({ client, jobId: JOB_ID, output: join(folder, "mine.zip") })).toBe(
    join(folder, "mine.zip"),
  );
  expect(await save({ client, jobId: JOB_ID, output: folder })).toBe(join(folder, "results.zip"));
});

test("a damaged download is refused, and leaves nothing behind", async () => {
  const client = await clientOf("bytes", "other bytes");
  await expect(save({ client, jobId: JOB_ID, output: `${folder}/` })).rejects.toThrow(
    "The download is damaged",
  );
  expect(readdirSync(folder)).toEqual([]);
});

test("a server cannot choose a folder by the name it gives", async () => {
  const client = await clientOf("bytes", "bytes", 'attachment; filename="../../evil.sh"');
  expect(await save({ client, jobId: JOB_ID, output: `${folder}/` })).toBe(join(folder, "evil.sh"));
});
