import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixtureModule, ONLY_IN_FULL, System } from "../src/system.js";

const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => `/usr/bin/${name}`)
  .find(existsSync);
const title = `pages of other origins${CHROMIUM === undefined ? " (skipped: there is no chromium in /usr/bin)" : ""}`;
const root = fileURLToPath(new URL("../../../", import.meta.url));

/** A site of its own port, with the one page whose functions the tests call. */
async function startSite(): Promise<{ readonly origin: string; readonly server: Server }> {
  const page = await readFile(join(import.meta.dirname, "../fixtures/page-of-another-port.html"));
  const server = createServer((_request, response) =>
    response.setHeader("Content-Type", "text/html").end(page),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

describe.skipIf(CHROMIUM === undefined)(title, () => {
  let sites: Awaited<ReturnType<typeof startSite>>[];
  let system: System;
  let browser: Browser;
  const listed = () => sites[0]?.origin ?? "";
  const foreign = () => sites[1]?.origin ?? "";

  beforeAll(async () => {
    sites = [await startSite(), await startSite()];
    const DROVER_PROCESSORS = `${fixtureModule("digest")},@drover/processor-moodle-log`;
    const env = { DROVER_PROCESSORS, DROVER_CORS_ORIGINS: listed() };
    system = await System.start({ apis: 1, workers: 1, env });
    browser = await chromium.launch({
      executablePath: CHROMIUM ?? "",
      args: [
        ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
        // Offline, and one name of an attacker's that leads to this machine, as DNS rebinding makes it.
        "--host-resolver-rules=MAP attacker.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
      ],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await system?.stop();
    for (const { server } of sites ?? []) server.close();
  });

  const on = async <T>(url: string, use: (page: Page) => Promise<T>): Promise<T> => {
    const page = await browser.newPage();
    try {
      await page.goto(url);
      return await use(page);
    } finally {
      await page.close();
    }
  };
  const call = <T>(page: Page, name: string, ...args: readonly unknown[]): Promise<T> =>
    page.evaluate(`${name}(${args.map((arg) => JSON.stringify(arg)).join(", ")})`) as Promise<T>;
  const jobs = async () => (await system.client().list()).jobs;

  it("a listed origin's page uploads with progress, polls, downloads, cancels and deletes, and reads every header", async () => {
    const seen = await on(listed(), (page) =>
      call<Record<string, unknown>>(page, "walk", system.url(), 60_000),
    );
    expect(seen).toMatchObject({
      created: { answered: 202, location: expect.stringMatching(/^\/api\/jobs\//) },
      finished: { status: "completed" },
      whole: {
        status: 200,
        bytes: 65,
        headers: {
          "content-disposition": "attachment; filename=digest.txt",
          etag: expect.any(String),
          "repr-digest": expect.stringContaining("sha-256="),
          "x-request-id": expect.any(String),
        },
      },
      part: { status: 206, bytes: 10, headers: { "content-range": "bytes 0-9/65" } },
      deleted: 204,
      gone: [404, "job_not_found"],
    });
    expect([200, 202]).toContain(seen["cancelled"]);
    const { sent } = seen["created"] as { sent: number[] };
    expect(Math.max(...sent)).toBeGreaterThan(2 ** 20);
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `a listed origin's page is served on the routes of both existing clients${ONLY_IN_FULL}`,
    async () => {
      const log = await readFile(join(root, "processors/moodle-log/sample/moodle-log.csv"), "utf8");
      const seen = await on(listed(), (page) => call(page, "walkAsBefore", system.url(), log));
      expect(seen).toMatchObject({
        created: { answered: 202, status: "processing" },
        status: { status: "completed", progress: 100 },
        jobStatus: "completed",
        download: { status: 200, headers: { "content-disposition": expect.stringContaining("attachment") } },
      });
    },
  );

  it("a page of any other origin can neither submit, cancel, delete nor read", async () => {
    const { job_id } = await system
      .client()
      .submit("digest", new File(["a"], "a.txt"), { params: { ms: 60_000 } });
    const before = (await jobs()).map((job) => job.job_id);
    await on(foreign(), async (page) => {
      const seen = await call<Record<string, string>>(page, "attack", system.url(), job_id);
      const { blindSubmit, blindCancel, blindRetry, blindRead, ...others } = seen;
      expect(new Set(Object.values(others))).toEqual(new Set(["refused"]));
      // What is sent blindly is never read, and the page's browser keeps even the bytes of a GET from it.
      expect([blindSubmit, blindCancel, blindRetry, blindRead]).not.toContain("read");
      await call(page, "submitForm", system.url(), job_id);
    });
    expect((await jobs()).map((job) => job.job_id)).toEqual(before);
    expect(["queued", "running"]).toContain((await system.client().get(job_id)).status);
    await system.client().cancel(job_id);
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `a page under a name that was made to lead here is not served${ONLY_IN_FULL}`,
    async () => {
      const { port } = new URL(system.url());
      const page = await browser.newPage();
      for (const path of ["/api/jobs", "/docs/", "/admin/queues"]) {
        const answer = await page.goto(`http://attacker.example:${port}${path}`);
        expect(answer?.status()).toBe(403);
        expect(await answer?.json()).toMatchObject({ code: "forbidden" });
      }
      await page.close();
    },
  );

  it.skipIf(ONLY_IN_FULL !== "")(
    `the reference at the server's own origin can submit${ONLY_IN_FULL}`,
    async () => {
      const status = await on(`${system.url()}/docs/`, (page) =>
        page.evaluate(`(() => {
        const form = new FormData();
        form.append("file", new File(["a"], "a.txt"));
        return fetch("/api/processors/digest/jobs", { method: "POST", body: form }).then(({ status }) => status);
      })()`),
      );
      expect(status).toBe(202);
    },
  );
});
