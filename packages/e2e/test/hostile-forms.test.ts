import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  assertUntouched,
  type Bytes,
  codeOf,
  END,
  exchange,
  type Footprint,
  field,
  file,
  footprintOf,
  joined,
  named,
  part,
  request,
  startTarget,
  upload,
} from "../src/hostile-exchange.js";
import { type System, sized } from "../src/system.js";

let system: System;
let before: Footprint;
beforeAll(async () => {
  ({ system, before } = await startTarget());
});
afterAll(async () => {
  expect(system.apis[0]?.log).not.toMatch(/"level":"error"/);
  await system.stop();
});

/** Submits, erases the job again, and returns what of the file was shown. */
async function shownInput(...parts: Bytes[]): Promise<Readonly<Record<string, unknown>>> {
  const [answer] = await exchange(system, upload(...parts, END));
  expect(answer?.status).toBe(202);
  const job = JSON.parse(answer?.body ?? "") as { job_id: string; input: Record<string, unknown> };
  const stored = (await footprintOf(system)).files.map((path) => path.slice(system.blobs.length));
  for (const path of stored) expect(path).toMatch(/^\/inputs\/[0-9a-f]{32}\/(file|manifest\.json)$/);
  await exchange(system, request("DELETE", `/api/jobs/${job.job_id}`));
  await assertUntouched(system, before);
  return job.input;
}

describe("is a name for display only, and none of the store:", () => {
  it.each([
    ["folders", 'filename="../../../etc/passwd"', "passwd"],
    ["folders of Windows", 'filename="..\\\\..\\\\boot.ini"', "boot.ini"],
    ["dots alone", "filename*=UTF-8''%07..", "unnamed"],
    ["a NUL", "filename*=UTF-8''a.csv%00.exe", "a.csv.exe"],
    ["marks that turn the text around", 'filename="a\u202evsc.exe"', "avsc.exe"],
    ["line breaks for a header", "filename*=UTF-8''a%0d%0aSet-Cookie%3A%20b%3Dc", "aSet-Cookie: b=c"],
    ["4 KB", `filename="${"n".repeat(4_096)}.csv"`, `${"n".repeat(251)}.csv`],
    ["markup", 'filename="<img src=x onerror=alert(1)>.csv"', "<img src=x onerror=alert(1)>.csv"],
    ["the name of a manifest", 'filename="manifest.json"', "manifest.json"],
    ["half of a surrogate pair", "filename*=UTF-8''a%ED%A0%80.csv", expect.stringMatching(/^a.*\.csv$/)],
  ])("%s", async (_what, name, shown) => {
    expect(await shownInput(named(`name="file"; ${name}`))).toMatchObject({ filename: shown });
  });

  it.each([
    ["a GIF that is a page", "GIF89a/*<script>alert(1)</script>*/=1;", "image/gif"],
    ["a PDF that is an archive", "%PDF-1.7\nPK\x03\x04\x14\x00", "text/html"],
  ])("%s is stored as the bytes that it is", async (_what, content, type) => {
    const headers = `Content-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: ${type}`;
    const input = await shownInput(part(headers, content));
    expect(input).toMatchObject({ size_bytes: content.length, media_type: type });
  });
});

describe("forms that nobody thought of", () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
  const text = fc.oneof(
    fc.constantFrom(
      "file",
      "params",
      "tags",
      "webhook",
      "__proto__",
      "filename",
      "",
      "{}",
      "[]",
      "\r\n",
      '"',
      "\0",
    ),
    fc.string({ unit: "binary", maxLength: 40 }),
  );
  const parameter = fc.oneof(
    fc
      .tuple(fc.constantFrom("name", "filename", "filename*"), text)
      .map(([key, value]) => `${key}="${value}"`),
    text.map((value) => `filename*=UTF-8''${encodeURIComponent(value.replaceAll(/\p{Cs}/gu, ""))}`),
    text,
  );
  const headers = fc
    .array(parameter, { maxLength: 4 })
    .map((parameters) => ["Content-Disposition: form-data", ...parameters].join("; "));
  const piece = fc.oneof(
    fc.tuple(headers, fc.oneof(bytes, text)).map(([head, content]) => part(head, content)),
    fc.tuple(text, text).map(([name, value]) => field(name, value)),
    fc.constantFrom<Bytes>(file(), END, "--xXBoundaryXx", "--", "\r\n"),
    bytes,
  );
  const form = fc
    .tuple(fc.array(piece, { maxLength: 8 }), fc.boolean(), fc.nat({ max: 30 }))
    .map(([pieces, hasEnd, cut]) => {
      const whole = joined(...pieces, hasEnd ? END : "");
      return cut < 5 ? whole.subarray(0, Math.max(0, whole.length - cut)) : whole;
    });

  it("are accepted or refused, never a 5xx, and leave nothing", { timeout: 120_000 }, async () => {
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(form, async (body) => {
        const [answer] = await exchange(system, upload(body));
        statuses.add(answer?.status ?? 0);
        if (answer?.status === 202) {
          const { job_id } = JSON.parse(answer.body) as { job_id: string };
          await exchange(system, request("DELETE", `/api/jobs/${job_id}`));
        } else if (answer !== undefined)
          expect([answer.status, codeOf(answer)]).toEqual([
            400,
            expect.stringMatching(/^(invalid_request|file_missing|file_empty)$/),
          ]);
      }),
      { numRuns: sized(100, 5_000), seed: sized(1_927, Date.now()) },
    );
    expect([...statuses].sort()).toEqual([202, 400]);
    await assertUntouched(system, before);
  });
});
