import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { signal, testQueue, testRedis } from "@drover/testkit";
import { expect, it, onTestFinished } from "vitest";
import { ANY } from "./test-api.js";

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const MIB = 1 << 20;

/** Highest resident memory of a process so far, in bytes, as Linux counts it. */
async function peakRss(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** Uploads `mebibytes` MiB to the url, made up while they are sent. */
async function upload(url: string, mebibytes: number): Promise<number> {
  const head = Buffer.from('--b\r\nContent-Disposition: form-data; name="file"; filename="x.bin"\r\n\r\n');
  const tail = Buffer.from("\r\n--b--\r\n");
  const chunk = Buffer.alloc(MIB, 7);
  const outgoing = request(`${url}/api/processors/any-file/jobs`, {
    method: "POST",
    headers: {
      "content-type": "multipart/form-data; boundary=b",
      "content-length": head.length + mebibytes * MIB + tail.length,
    },
  });
  const status = new Promise<number>((resolve, reject) => {
    outgoing.once("error", reject);
    outgoing.once("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
  });
  outgoing.write(head);
  for (let i = 0; i < mebibytes; i++) {
    if (!outgoing.write(chunk)) await new Promise((resolve) => outgoing.once("drain", resolve));
  }
  outgoing.end(tail);
  return status;
}

it.runIf(process.platform === "linux")(
  "an upload of 200 MiB grows the process by less than a third of that",
  { timeout: 60_000 },
  async () => {
    const redis = await testRedis();
    onTestFinished(() => redis.stop());
    const prefix = redis.prefix();
    const { catalogue } = await testQueue(prefix);
    await catalogue.announce({ id: "w", host: "h", pid: 1, slots: 1, processors: [ANY.name], startedAt: 0 }, [
      ANY,
    ]);
    const folder = await mkdtemp(join(tmpdir(), "drover-upload-"));
    const child = spawn(process.execPath, [MAIN], {
      env: {
        PATH: process.env["PATH"] ?? "",
        PORT: "0",
        REDIS_URL: redis.url,
        DROVER_QUEUE_PREFIX: prefix,
        DROVER_DATA_DIR: folder,
      },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    try {
      const url = signal<string>();
      child.once("message", (message: { url: string }) => url.resolve(message.url));
      expect(await upload(await url.promise, 1)).toBe(202);
      const before = await peakRss(child.pid ?? 0);
      expect(await upload(await url.promise, 200)).toBe(202);
      const growth = (await peakRss(child.pid ?? 0)) - before;
      expect(growth / MIB).toBeLessThan(66);
    } finally {
      child.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    }
  },
);
