import { existsSync } from "node:fs";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";

/** Path of the browser of this machine. */
export const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => `/usr/bin/${name}`)
  .find(existsSync);

/** For the titles of tests that are skipped without one. */
export const NO_CHROMIUM = CHROMIUM === undefined ? " (skipped: there is no chromium in /usr/bin)" : "";

/** The browser, which reaches this machine alone. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM ?? "",
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", // offline
    ],
  });
}

/** Notes whatever a page may not do, as lines for a person. Grows while the page lives. */
export async function watchPage(page: Page, ownHost: string): Promise<string[]> {
  const trouble: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") trouble.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => trouble.push(`uncaught: ${error.message}`));
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol !== "data:" && protocol !== "blob:" && host !== ownHost)
      trouble.push(`another host: ${request.url()}`);
  });
  page.on("requestfailed", (request) => {
    // A page that is left drops what it was still asking for.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") trouble.push(`failed: ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) trouble.push(`${response.status()}: ${response.url()}`);
  });
  await page.exposeFunction("noteViolation", (line: string) => trouble.push(line));
  await page.addInitScript(`addEventListener("securitypolicyviolation", (event) =>
    noteViolation("content security policy: " + event.effectiveDirective + " forbids " + event.blockedURI))`);
  return trouble;
}

/** Drops a file of this machine on an element as a person does. */
export async function dropFile(page: Page, target: Locator, path: string): Promise<void> {
  const box = await target.boundingBox();
  if (box === null) throw new Error("There is nothing to drop a file on.");
  const drop = {
    ...{ x: box.x + box.width / 2, y: box.y + box.height / 2 },
    data: { items: [], files: [path], dragOperationsMask: 1 },
  };
  const session = await page.context().newCDPSession(page);
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await session.send("Input.dispatchDragEvent", { type, ...drop });
  await session.detach();
}
