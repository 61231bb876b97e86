import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import type { ComposeFile, ComposeService } from "./compose-file.js";

const run = promisify(execFile);

/** Runs a docker command; answers what it printed, and throws with what it complained of. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await run("docker", args, { maxBuffer: 64 << 20 });
  return stdout.trim();
}

/**
 * What `docker compose up` makes of a file, with names that nothing else has. Everything is removed by id
 * with `remove`, containers that are still running included.
 */
export class ComposedContainers {
  readonly name = `drover-test-${randomBytes(4).toString("hex")}`;
  readonly #containers: string[] = [];
  readonly #volumes = new Set<string>();
  readonly #networks: string[] = [];
  readonly #variables: Readonly<Record<string, string>>;

  /** @param variables what the environment of `docker compose` has, for those that the file wants. */
  constructor(variables: Readonly<Record<string, string>>) {
    this.#variables = variables;
  }

  async start({ networks }: ComposeFile): Promise<void> {
    for (const [name, options] of Object.entries(networks)) {
      const isInternal = options?.internal === true;
      await docker("network", "create", ...(isInternal ? ["--internal"] : []), `${this.name}-${name}`);
      this.#networks.push(`${this.name}-${name}`);
    }
  }

  /**
   * Gives a new volume to the image's user, which not every build of Redis does with its own folder. It is not
   * left empty, or Docker would give it that folder's owner.
   */
  async giveVolume(volume: string, image: string, user: string): Promise<void> {
    this.#volumes.add(`${this.name}-${volume}`);
    const options = [
      "--rm",
      "--user",
      "0",
      "--volume",
      `${this.name}-${volume}:/given`,
      "--entrypoint",
      "sh",
    ];
    await docker("run", ...options, image, "-c", `chown ${user} /given && touch /given/of-${user}`);
  }

  /**
   * Starts a container of the service; answers its id. The service's ports are published on free ones of
   * 127.0.0.1.
   */
  async run(service: string, image: string, its: ComposeService): Promise<string> {
    const volumes = its.volumes.flatMap((volume) => {
      const [name = "", path = ""] = volume.split(":");
      this.#volumes.add(`${this.name}-${name}`);
      return ["--volume", `${this.name}-${name}:${path}`];
    });
    const environment = Object.entries(its.environment ?? {}).flatMap(([name, value]) => [
      "--env",
      `${name}=${value.replace(/^\$\{(\w+):\?.*\}$/, (_, variable) => this.#variables[variable] ?? "")}`,
    ]);
    const ports = (its.ports ?? []).flatMap((port) => ["--publish", `127.0.0.1::${port.split(":").at(-1)}`]);
    const [kind, ...check] = its.healthcheck?.test ?? [];
    const health = kind === "CMD" ? ["--health-cmd", check.join(" "), "--health-interval", "1s"] : [];
    const options = [...volumes, ...environment, ...ports, ...health, ...hardening(its)];
    const [first = "default", ...others] = its.networks ?? [];
    const alias = ["--network", `${this.name}-${first}`, "--network-alias", service];
    const id = await docker("create", ...alias, ...options, image, ...its.command);
    this.#containers.push(id);
    for (const other of others)
      await docker("network", "connect", "--alias", service, `${this.name}-${other}`, id);
    await docker("start", id);
    return id;
  }

  async remove(): Promise<void> {
    for (const id of this.#containers) await docker("rm", "--force", "--volumes", id);
    for (const volume of this.#volumes) await docker("volume", "rm", volume);
    for (const network of this.#networks) await docker("network", "rm", network);
  }
}

/** Options of `docker` for what the service may not do. */
function hardening(its: ComposeService): readonly string[] {
  const valued = {
    "--user": [its.user],
    "--tmpfs": its.tmpfs,
    "--cap-drop": its.cap_drop,
    "--security-opt": its.security_opt,
    "--pids-limit": [its.pids_limit],
    "--memory": [its.mem_limit],
    "--cpus": [its.cpus],
  };
  const options = Object.entries(valued).flatMap(([option, values = []]) =>
    values.filter((value) => value !== undefined).flatMap((value) => [option, String(value)]),
  );
  if (its.read_only === true) options.push("--read-only");
  if (its.init === true) options.push("--init");
  return options;
}

/** Whether the container's health check passes. */
export async function isHealthy(id: string): Promise<boolean> {
  return (await docker("inspect", "--format", "{{.State.Health.Status}}", id)) === "healthy";
}

/** Address of a container's port on this machine. */
export async function urlOf(id: string, port: number): Promise<string> {
  return `http://${(await docker("port", id, String(port))).split("\n")[0]}`;
}
