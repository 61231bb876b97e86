import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fromBufferPromise } from "yauzl";
import { System } from "../src/system.js";

const NAMES = ["table.csv", "seal.bin", "rows.json", "short.txt"];
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const bytesOf = async (body: BodyInit) => Buffer.from(await new Response(body).arrayBuffer());

let system: System;
beforeAll(async () => {
  system = await System.start({ apis: 1, workers: 1, processors: ["several"] });
});
afterAll(() => system.stop());

it("artifacts are stored once, compressed where it is worth while, and come back plain, as gzip and as one ZIP", async () => {
  const client = system.client();
  const { job_id } = await client.submit("several", new File(["x"], "My log.csv"));
  const job = await client.wait(job_id);
  expect(job.error).toBeNull();
  expect(job.artifacts.map(({ name }) => name)).toEqual(NAMES);

  const plain = new Map<string, Buffer>();
  for (const { name, size_bytes, sha256: digest, url } of job.artifacts) {
    const download = await client.download(job_id, { artifact: name });
    const bytes = await bytesOf(download.body);
    expect([name, download.sizeBytes, bytes.length, download.sha256, sha256(bytes)]).toEqual([
      ...[name, size_bytes, size_bytes, digest, digest],
    ]);
    plain.set(name, bytes);
    const encoded = await fetch(`${system.url()}${url}`); // asks for gzip
    const isPacked = name === "table.csv" || name === "rows.json";
    expect([name, encoded.headers.get("content-encoding")]).toEqual([name, isPacked ? "gzip" : null]);
    expect(sha256(await bytesOf(encoded.body ?? ""))).toBe(digest);
  }

  const archive = await client.downloadArchive(job_id);
  expect(archive).toMatchObject({ filename: "My log-results.zip", mediaType: "application/zip" });
  const zipped = await bytesOf(archive.body);
  expect(zipped.length).toBe(archive.sizeBytes);
  const zip = await fromBufferPromise(zipped, { lazyEntries: true });
  for await (const entry of zip.eachEntry()) {
    const parts: Buffer[] = [];
    for await (const part of await zip.openReadStreamPromise(entry)) parts.push(part as Buffer);
    expect(sha256(Buffer.concat(parts))).toBe(sha256(plain.get(entry.fileName) ?? Buffer.alloc(0)));
    plain.delete(entry.fileName);
  }
  expect([...plain.keys()]).toEqual([]);

  // None is primary: the job's download is the archive, as for the second existing client.
  for (const path of [`/api/jobs/${job_id}/download`, `/api/download/${job_id}`]) {
    const response = await fetch(`${system.url()}${path}`);
    expect((await bytesOf(response.body ?? "")).equals(zipped)).toBe(true);
  }
  const table = await fetch(`${system.url()}${job.artifacts[0]?.url}`);
  await table.body?.cancel();
  const sentBytes = Number(table.headers.get("content-length"));
  expect(sentBytes).toBeLessThan((job.artifacts[0]?.size_bytes ?? 0) / 2);
});
