import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { displayName, mediaTypeOf } from "../src/uploads/upload.js";
import { disposition, END, file, nothingIsLeft, part, send } from "./form-bytes.js";
import { json } from "./job-steps.js";
import { startApi, type TestApi, type TestApiOptions } from "./test-api.js";

let api: TestApi;
const start = async (options?: TestApiOptions) => {
  api = await startApi(options);
};
afterEach(() => api?.close());

describe("rubbish as a multipart form is a 400 and leaves nothing behind:", () => {
  beforeEach(() => start());
  it.each<[string, () => Buffer[]]>([
    ["no part at all", () => [END]],
    ["an empty body", () => []],
    ["a body that is no form", () => [Buffer.from("a,b\n1,2\n")]],
    ["a file that breaks off", () => [file().subarray(0, -4)]],
    ["a form without its end", () => [file()]],
    ["a file without a name of the part", () => [file('filename="a.csv"'), END]],
    ["a field without a name", () => [file(), part("Content-Disposition: form-data", "x"), END]],
    ["a part without headers", () => [file(), part(""), END]],
    ["a part without a disposition", () => [part("Content-Type: text/csv"), END]],
    ["the file twice", () => [file(), file(), END]],
    ["a file with an empty name", () => [file('name="file"; filename=""'), END]],
    ["a part named __proto__", () => [file(), part(disposition('name="__proto__"'), "x"), END]],
    [
      "a part named constructor[prototype]",
      () => [file(), part(disposition('name="constructor[prototype]"'), "x"), END],
    ],
    [
      "a form within a form",
      () => [
        part(
          `${disposition('name="file"')}\r\nContent-Type: multipart/mixed; boundary=in`,
          '--in\r\nContent-Disposition: file; filename="a.csv"\r\n\r\nx\r\n--in--',
        ),
        END,
      ],
    ],
    [
      "too many fields",
      () => [file(), ...Array.from({ length: 20 }, (_, i) => part(disposition(`name="f${i}"`), "x")), END],
    ],
    ["a field name without end", () => [file(), part(disposition(`name="${"n".repeat(500)}"`), "x"), END]],
    [
      "a header without end",
      () => [part(`${disposition('name="file"; filename="a.csv"')}\r\nX-Long: ${"x".repeat(100_000)}`), END],
    ],
    [
      "a header line broken by a bare LF",
      () => [part('Content-Disposition: form-data; name="file"\n filename="a.csv"'), END],
    ],
    ["NUL bytes for headers", () => [part("\0\0\0\0"), END]],
    ["random bytes", () => [Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256))]],
  ])("%s", async (_what, parts) => {
    const response = await send(api, ...parts());
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    await nothingIsLeft(api);
  });

  it("a form without a boundary", async () => {
    const response = await fetch(`${api.url}/api/processors/any-file/jobs`, {
      method: "POST",
      body: "x",
      headers: { "content-type": "multipart/form-data; x=y" },
    });
    expect(response.status).toBe(400);
    await nothingIsLeft(api);
  });
});

describe("a file name is for display:", () => {
  beforeEach(() => start());
  it.each([
    ["UTF-8", 'filename="Übung – Kopie.csv"', "Übung – Kopie.csv"],
    ["RFC 5987", "filename=\"x.csv\"; filename*=UTF-8''%C3%9Cbung.csv", "Übung.csv"],
    ["folders", 'filename="../../etc/passwd.csv"', "passwd.csv"],
    ["folders of Windows", 'filename="C:\\\\Users\\\\me\\\\log.csv"', "log.csv"],
    ["escaped line breaks and quotes", 'filename="a%0D%0AX-Evil: 1%22.csv"', 'aX-Evil: 1".csv'],
    ["control characters", "filename*=UTF-8''a%07%1B%5B31mb.csv", "a[31mb.csv"],
    ["characters that turn the text around", 'filename="gpj\u202egpj.csv"', "gpjgpj.csv"],
    ["the Arabic letter mark and line separators", 'filename="a\u061cb\u2028c\u2029.csv"', "abc.csv"],
    ["controls only", "filename*=UTF-8''%07%1B", "unnamed"],
    ["emoji", 'filename="🐂.csv"', "🐂.csv"],
  ])("%s", async (_what, name, shown) => {
    const response = await send(api, file(`name="file"; ${name}`), END);
    expect(response.status).toBe(202);
    expect((await json(response))["input"]).toMatchObject({ filename: shown });
    for (const key of await api.keys()) expect(key).toMatch(/^inputs\/[0-9a-f]+\/(file|manifest\.json)$/);
  });

  it("a very long one keeps its ending", async () => {
    const response = await send(api, file(`name="file"; filename="${"x".repeat(600)}.csv"`), END);
    const { filename } = (await json(response))["input"] as { filename: string };
    expect(filename).toHaveLength(255);
    expect(filename.endsWith("x.csv")).toBe(true);
  });

  it("whatever comes, it is 1 to 255 characters without controls and slashes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
        const name = displayName(text);
        expect([...name].length).toBeGreaterThan(0);
        expect([...name].length).toBeLessThanOrEqual(255);
        expect(name).not.toMatch(/[\p{Cc}/\\]/u);
      }),
    );
  });

  it("a media type is one or none", () => {
    expect(mediaTypeOf("Text/CSV; charset=utf-8")).toBe("text/csv");
    for (const odd of ["", "csv", "text/", "a/b/c", "text/<script>", `text/${"x".repeat(99)}`]) {
      expect(mediaTypeOf(odd)).toBe("application/octet-stream");
    }
  });
});
