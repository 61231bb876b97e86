import { routes } from "@drover/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rawGet } from "./raw-get.js";
import { startApi, type TestApi } from "./test-api.js";

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

describe("the reference", () => {
  it("is OpenAPI 3.1 with every route, and the params of the processors that there are", async () => {
    const response = await fetch(`${api.url}/openapi.json`);
    const document = (await response.json()) as {
      openapi: string;
      info: { version: string };
      paths: object;
      components: { schemas: object };
    };
    expect(document.openapi).toBe("3.1.0");
    expect(document.info.version).toBe("9.9.9");
    const submits = ["any-file", "csv-count", "moodle-log"].map((name) => `/api/processors/${name}/jobs`);
    expect(new Set(Object.keys(document.paths))).toEqual(
      new Set([...Object.values(routes).map(({ path }) => path), ...submits]),
    );
    expect(document.components.schemas).toHaveProperty(["params.csv-count", "properties", "timezone"]);
  });

  it("has examples for the address by which the reader came, if that is one", async () => {
    const introduction = async (host: string) => {
      const { body } = await rawGet(`${api.url}/openapi.json`, { host });
      return (JSON.parse(body.toString()) as { info: { description: string } }).info.description;
    };
    expect(await introduction("localhost:1234")).toContain("URL=http://localhost:1234\n");
    expect(await introduction("127.0.0.1")).toContain('baseUrl: "http://127.0.0.1"');
  });

  it("is a page that loads nothing from elsewhere and needs no inline script", async () => {
    const page = await (await fetch(`${api.url}/docs/`)).text();
    expect(page).toContain("Drover API");
    expect(page.replaceAll(/xmlns="[^"]*"/g, "")).not.toMatch(/(src|href)="?https?:/);
    for (const [, attributes = "", inline = ""] of page.matchAll(/<script([^>]*)>([^<]*)<\/script>/g)) {
      expect(attributes).toContain("src=");
      expect(inline.trim()).toBe("");
    }
    for (const path of ["swagger-ui.css", "swagger-ui-bundle.js", "reference.css", "reference.js"]) {
      const file = await fetch(`${api.url}/docs/${path}`);
      expect([file.status, (await file.text()).length > 100]).toEqual([200, true]);
      const known = { "if-none-match": file.headers.get("etag") ?? "" };
      expect((await rawGet(`${api.url}/docs/${path}`, known)).status).toBe(304);
    }
  });

  it("is where / leads", async () => {
    const response = await fetch(`${api.url}/`, { redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([302, "/docs/"]);
  });

  it("is nowhere else", async () => {
    for (const path of ["nothing", "..%2f..%2fetc%2fpasswd/x"])
      expect((await fetch(`${api.url}/docs/${path}`)).status).toBe(404);
  });

  it("is where /docs leads, without what stands behind a question mark", async () => {
    const response = await fetch(`${api.url}/docs?api_key=secret`, { redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([301, "/docs/"]);
  });

  it("lists only endpoints that answer: none is 404 route_not_found", async () => {
    for (const { method, path } of Object.values(routes)) {
      const filled = path
        .replaceAll(/\{job_id\}/g, "12345678-1234-1234-1234-123456789abc")
        .replaceAll(/\{\w+\}/g, "x");
      const stop = new AbortController();
      const response = await fetch(`${api.url}${filled}`, { method, signal: stop.signal });
      const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
      const body = isStream ? "" : await response.text(); // a stream of many jobs has no end
      stop.abort();
      expect([path, body.includes("route_not_found")]).toEqual([path, false]);
    }
  });
});
