import { readFileSync } from "node:fs";
import { parse } from "yaml";

/** A service of docker-compose.yml, as far as the tests look at it. */
export interface ComposeService {
  readonly image: string;
  readonly command: readonly string[];
  readonly init?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly volumes: readonly string[];
  readonly ports?: readonly string[];
  readonly container_name?: string;
  readonly stop_grace_period?: string;
  readonly networks?: readonly string[];
  readonly user?: string;
  readonly read_only?: boolean;
  readonly tmpfs?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly pids_limit?: number;
  readonly mem_limit?: string;
  readonly cpus?: number;
}

export interface ComposeFile {
  readonly services: Readonly<Record<"redis" | "api" | "worker", ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
}

/** docker-compose.yml with its anchors resolved. */
export function readComposeFile(): ComposeFile {
  const text = readFileSync(new URL("../../../docker-compose.yml", import.meta.url), "utf8");
  return parse(text, { merge: true }) as ComposeFile; // our own file
}
