import { type Log, type QueuePorts, SettingsError } from "@drover/core";
import type { Settings } from "@drover/settings";
import { isLoopback } from "./cross-origin.js";
import { adminKeyOf } from "./key-holders.js";
import { KeyRing } from "./key-ring.js";
import { createCallers, type KnownCallers, type Openness } from "./known-callers.js";
import { isSafeAddress, OidcIssuer } from "./oidc.js";

/** Who may call this server; keeps its knowledge of the keys fresh between `start` and `stop`. */
export interface AccessControl extends KnownCallers {
  /**
   * Reads the keys, and says in the log who is served. Resolves also while Redis is away.
   * @throws `SettingsError` for a server that others would reach and that has no key.
   */
  start(): Promise<void>;
  stop(): void;
}

export interface AccessControlOptions {
  readonly settings: Settings;
  readonly queue: Pick<QueuePorts, "apiKeys" | "sessions">;
  readonly log: Log;
  /** Wall time, ms since the epoch. */
  readonly now: () => number;
}

export function createAccessControl({ settings, queue, log, now }: AccessControlOptions): AccessControl {
  const { apiKeys, sessions } = queue;
  const ring = new KeyRing({ apiKeys, log });
  const environment = [...adminKeyOf(settings.DROVER_ADMIN_KEY), ...settings.DROVER_API_KEYS];
  const openness = opennessOf(settings);
  const oidc = issuerOf(settings, log);
  return {
    ...createCallers({ ring, environment, openness, oidc, sessions, now }),
    async start() {
      await ring.start();
      if (environment.length > 0 || oidc !== undefined || ring.hadKeys) {
        const issuer = oidc === undefined ? {} : { issuer: settings.DROVER_OIDC_ISSUER };
        log.info("Every request needs a key.", { environment_keys: environment.length, ...issuer });
        return;
      }
      if (openness === "closed" && ring.isRead) {
        ring.stop();
        throw new SettingsError(refusalOf(settings.HOST));
      }
      const [level, sentence] = sentenceFor(openness, settings.HOST);
      log[level](sentence);
    },
    stop: () => ring.stop(),
  };
}

/** @throws `SettingsError` for an issuer without an audience, or one that others could stand in for. */
function issuerOf(settings: Settings, log: Log): OidcIssuer | undefined {
  const { DROVER_OIDC_ISSUER: issuer, DROVER_OIDC_AUDIENCE: audience } = settings;
  if (issuer === undefined && audience === undefined) return undefined;
  if (issuer === undefined || audience === undefined) {
    throw new SettingsError("DROVER_OIDC_ISSUER and DROVER_OIDC_AUDIENCE are needed both, or none of them.");
  }
  if (!isSafeAddress(issuer)) {
    throw new SettingsError("DROVER_OIDC_ISSUER: expected https://, or http:// on loopback.");
  }
  const { DROVER_OIDC_TENANT_CLAIM: tenantClaim, DROVER_OIDC_SCOPES_CLAIM: scopesClaim } = settings;
  return new OidcIssuer({ issuer, audience, tenantClaim, scopesClaim, log });
}

function opennessOf({ HOST, DROVER_INSECURE }: Settings): Openness {
  if (isLoopback(HOST)) return "open";
  return DROVER_INSECURE === "1" ? "insecure" : "closed";
}

function refusalOf(host: string): string {
  return (
    `HOST: ${host} is reached from other machines, and there is no key. Give the api one, as ` +
    "DROVER_API_KEYS=ops:submit+read+admin:<48 random letters and digits> (openssl rand -hex 24), or make one on " +
    "loopback first: drover keys create --scopes submit,read,admin. DROVER_INSECURE=1 lets everybody submit and " +
    "read without."
  );
}

function sentenceFor(openness: Openness, host: string): readonly ["info" | "warn", string] {
  switch (openness) {
    case "open":
      return [
        "info",
        `There are no API keys: whoever reaches ${host} may do everything. Once "drover keys create" has made one, ` +
          "every request needs a key.",
      ];
    case "insecure":
      return [
        "warn",
        `There are no API keys, and DROVER_INSECURE=1: whoever reaches ${host} may submit, and read every job.`,
      ];
    case "closed":
      return [
        "warn",
        "Redis does not answer, so that no API key is known yet: nobody is served before it does.",
      ];
  }
}
