import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DEFAULTS, describeSettings } from "@drover/settings";
import { expect, test } from "vitest";
import { parse } from "yaml";
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
    const names = Object.keys(environment).filter((name) => name !== "DROVER_API_KEYS");
    for (const name of names) expect(settings).toContain(name);
    expect(environment).toMatchObject({ REDIS_URL: "redis://redis:6379", DROVER_STORAGE: "file:/data" });
    expect(volumes).toEqual(["blobs:/data"]);
  }
  expect(Object.keys(compose.volumes).sort()).toEqual(["blobs", "redis"]);
});

test("the worker can be scaled: it has no fixed name and no port of the host", () => {
  expect(compose.services.worker.container_name).toBeUndefined();
  expect(compose.services.worker.ports).toBeUndefined();
});

test("every container is as hardened as the others, and no port but the api's is published", () => {
  for (const [name, service] of Object.entries(compose.services)) {
    expect(service, name).toMatchObject({
      ...{ read_only: true, cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] },
      ...{ pids_limit: expect.any(Number), mem_limit: expect.any(String), cpus: expect.any(Number) },
    });
    expect(service.user, name).toMatch(/^(node|redis)$/);
    expect(service.networks, name).toContain("queue");
  }
  expect(compose.services.api.ports).toEqual(["127.0.0.1:8000:8000"]);
  expect(compose.services.redis.ports).toBeUndefined();
  expect(compose.networks["queue"]).toEqual({ internal: true });
  expect(compose.services.redis.networks).toEqual(["queue"]);
});

test("compose wants a key for the api, and says how one is made", () => {
  expect(compose.services.api.environment?.["DROVER_API_KEYS"]).toMatch(/^\$\{DROVER_API_KEYS:\?.+\}$/);
  const text = readFileSync(join(ROOT, "docker-compose.yml"), "utf8");
  expect(text).toContain("DROVER_API_KEYS=ops:submit+read+admin:$(openssl rand -hex 24)");
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

test("what Kubernetes runs is hardened likewise, takes its secrets from a secret, and has settings that exist", () => {
  const { items } = parse(readFileSync(join(ROOT, "deploy/kubernetes/drover.yml"), "utf8")) as KubernetesList;
  const pods = items.filter(({ kind }) => kind === "Deployment").map(({ spec }) => spec.template.spec);
  expect(pods).toHaveLength(2);
  const settings = describeSettings().map(({ name }) => name);
  for (const { containers, securityContext, automountServiceAccountToken } of pods) {
    expect(automountServiceAccountToken).toBe(false);
    expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    const [container] = containers;
    expect(container).toMatchObject({
      securityContext: {
        ...{ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false },
        capabilities: { drop: ["ALL"] },
      },
      resources: { limits: { cpu: expect.anything(), memory: expect.anything() } },
    });
    expect(statSync(join(ROOT, container?.command[1] ?? "")).isFile()).toBe(true);
    for (const { name, value } of container?.env ?? []) {
      if (/^(REDIS_URL|DROVER_API_KEYS)$/.test(name)) expect(value, name).toBeUndefined();
      else expect(settings).toContain(name);
    }
  }
});

interface KubernetesList {
  readonly items: readonly {
    readonly kind: string;
    readonly spec: {
      readonly template: {
        readonly spec: {
          readonly automountServiceAccountToken: boolean;
          readonly securityContext: object;
          readonly containers: readonly {
            readonly command: readonly string[];
            readonly env: readonly { readonly name: string; readonly value?: string }[];
          }[];
        };
      };
    };
  }[];
}
