import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import type { ComposeService } from "./compose-file.js";

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
  #network = "";

  async start(): Promise<void> {
    this.#network = await docker("network", "create", this.name);
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
      `${name}=${value}`,
    ]);
    const ports = (its.ports ?? []).flatMap((port) => ["--publish", `127.0.0.1::${port.split(":").at(-1)}`]);
    const [kind, ...check] = its.healthcheck?.test ?? [];
    const health = kind === "CMD" ? ["--health-cmd", check.join(" "), "--health-interval", "1s"] : [];
    const options = [
      ...volumes,
      ...environment,
      ...ports,
      ...health,
      ...(its.init === true ? ["--init"] : []),
    ];
    const network = ["--network", this.name, "--network-alias", service];
    const id = await docker("run", "--detach", ...network, ...options, image, ...its.command);
    this.#containers.push(id);
    return id;
  }

  async remove(): Promise<void> {
    for (const id of this.#containers) await docker("rm", "--force", "--volumes", id);
    for (const volume of this.#volumes) await docker("volume", "rm", volume);
    if (this.#network !== "") await docker("network", "rm", this.#network);
  }
}

/** Whether the container's health check passes. */
export async function isHealthy(id: string): Promise<boolean> {
  return (await docker("inspect", "--format", "{{.State.Health.Status}}", id)) === "healthy";
}

/** Address of a container's port on this machine. */
export async function urlOf(id: string, port: number): Promise<string> {
  return `http://${(await docker("port", id, String(port))).split("\n")[0]}`;
}
