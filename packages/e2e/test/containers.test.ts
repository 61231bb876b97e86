import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DEFAULTS, describeSettings } from "@drover/settings";
import { expect, test } from "vitest";
import { type ComposeService, readComposeFile } from "../containers/compose-file.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const DOCKERFILE = readFileSync(join(ROOT, "Dockerfile"), "utf8");

const compose = readComposeFile();

test("what the image copies and runs exists in the repository", () => {
  const copies = [...DOCKERFILE.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = ""]) =>
    sources.split(" "),
  );
  expect(copies.length).toBeGreaterThan(5);
  for (const source of copies) expect(existsSync(join(ROOT, source)), source).toBe(true);
  const commands = [...DOCKERFILE.matchAll(/CMD (\[.*\])$/gm)].map(
    ([, json = "[]"]) => JSON.parse(json) as string[],
  );
  expect(commands).toHaveLength(2); // the health check and the process
  for (const [node, script = ""] of [
    ...commands,
    compose.services.api.command,
    compose.services.worker.command,
  ]) {
    expect(node).toBe("node");
    expect(statSync(join(ROOT, script)).isFile(), script).toBe(true);
  }
});

test("the image does not run as root", () => {
  expect(DOCKERFILE.lastIndexOf("\nUSER node\n")).toBeGreaterThan(DOCKERFILE.lastIndexOf("\nFROM "));
});

test("api and worker share storage and Redis, and only settings that exist are set", () => {
  const { api, worker } = compose.services;
  const settings = describeSettings().map(({ name }) => name);
  for (const { environment = {}, volumes } of [api, worker]) {
    for (const name of Object.keys(environment)) expect(settings).toContain(name);
    expect(environment).toMatchObject({ REDIS_URL: "redis://redis:6379", DROVER_STORAGE: "file:/data" });
    expect(volumes).toEqual(["blobs:/data"]);
  }
  expect(Object.keys(compose.volumes).sort()).toEqual(["blobs", "redis"]);
});

test("the worker can be scaled: it has no fixed name and no port of the host", () => {
  expect(compose.services.worker.container_name).toBeUndefined();
  expect(compose.services.worker.ports).toBeUndefined();
});

test("Redis keeps an append-only file and evicts nothing", () => {
  const command = compose.services.redis.command.join(" ");
  expect(command).toContain("--appendonly yes");
  expect(command).toContain("--maxmemory-policy noeviction");
  expect(compose.services.redis.volumes).toEqual(["redis:/data"]);
});

test("containers are given longer to stop than the drain takes", () => {
  const { api, worker } = compose.services;
  const ms = ({ stop_grace_period = "0s" }: ComposeService) => Number.parseInt(stop_grace_period, 10) * 1_000;
  expect(ms(api)).toBeGreaterThan(DEFAULTS.DROVER_API_DRAIN_TIMEOUT);
  expect(ms(worker)).toBeGreaterThan(DEFAULTS.DROVER_DRAIN_TIMEOUT);
});
