import { SCOPES, type Scope, TENANT_NAME } from "@drover/core";
import { z } from "zod";
import { ABOUT } from "./about-setting.js";
import { address, choice } from "./value-kinds.js";

/** A key that the environment gives. */
export interface EnvironmentKey {
  /** As `TENANT_NAME` says. */
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  /** The whole text that a client sends. */
  readonly key: string;
}

const KEY_ENTRY = /^([^:]+):([a-z+]+):([A-Za-z0-9._~+/-]{24,200}={0,2})$/;
const ENTRY = z.object({ tenant: z.string(), scopes: z.array(z.enum(SCOPES)).readonly(), key: z.string() });
const EXPECTED =
  "expected entries tenant:scope+scope:key, as acme:submit+read:<48 random letters and digits>, separated by " +
  `commas or blanks, with the scopes ${SCOPES.join(", ")} and keys of 24 characters or more, each once`;

/** Keys between commas or blanks. A mistake tells which entry is wrong, and nothing of the key. */
const environmentKeys = z.codec(z.string(), z.array(ENTRY).readonly(), {
  decode(text, context) {
    const entries = text.split(/[\s,]+/).filter((entry) => entry !== "");
    const keys = entries.map(keyOf);
    const firstOf = (key: EnvironmentKey) => keys.findIndex((other) => other?.key === key.key);
    const wrong = keys.findIndex((key, index) => key === undefined || firstOf(key) !== index);
    if (wrong === -1) return keys.filter((key) => key !== undefined);
    context.issues.push({ code: "custom", message: `${EXPECTED}; entry ${wrong + 1} is not.`, input: "" });
    return z.NEVER;
  },
  encode: (keys) => keys.map(({ tenant, scopes, key }) => `${tenant}:${scopes.join("+")}:${key}`).join(","),
});

function keyOf(entry: string): EnvironmentKey | undefined {
  const [, tenant = "", words = "", key = ""] = KEY_ENTRY.exec(entry) ?? [];
  const scopes = words.split("+");
  const known = SCOPES.filter((scope) => scopes.includes(scope));
  const isWhole = TENANT_NAME.test(tenant) && known.length === scopes.length && key !== "";
  return isWhole ? { tenant, scopes: known, key } : undefined;
}

/** Who may ask what of the api. */
export const keySettings = {
  DROVER_ADMIN_KEY: z
    .string()
    .regex(/^[\x21-\x7e]+$/, "expected printable ASCII without blanks, which a header can carry.")
    .optional()
    .register(ABOUT, {
      reader: "both",
      help:
        "A key with every scope, of the tenant `default`; further ones are in `DROVER_API_KEYS`. A worker's metrics ask " +
        "other hosts for it.",
    }),
  DROVER_API_KEYS: environmentKeys.default([]).register(ABOUT, {
    reader: "api",
    help:
      "Keys that need no Redis, beside those of `drover keys create`: `tenant:scope+scope:key`, separated by commas or " +
      "blanks, as `acme:submit+read:<key>`; scopes are `submit`, `read`, `admin`, a key has 24 characters or more.",
  }),
  DROVER_INSECURE: choice(["0", "1"])
    .default("0")
    .register(ABOUT, {
      reader: "api",
      help:
        "`1` lets the api serve other hosts while there are no keys: everybody may submit and read then, and a caller " +
        "on its own machine may do everything.",
    }),
  DROVER_DASHBOARD_WRITE: choice(["0", "1"]).default("0").register(ABOUT, {
    reader: "api",
    help: "`1` lets admins change queues on the board, `/admin/queues`; it is read-only otherwise.",
  }),
  DROVER_OIDC_ISSUER: address(["http", "https"])
    .optional()
    .register(ABOUT, {
      reader: "api",
      help:
        "Issuer of JWTs that are taken as `Authorization: Bearer`, as `https://login.example.org/realms/main`; `http://` " +
        "on loopback only. Its keys are found by OpenID Connect discovery.",
    }),
  DROVER_OIDC_AUDIENCE: z.string().optional().register(ABOUT, {
    reader: "api",
    help: "The `aud` that such a token must have; needed with the issuer.",
  }),
  DROVER_OIDC_TENANT_CLAIM: z
    .string()
    .default("tenant")
    .register(ABOUT, { reader: "api", help: "Claim that names the tenant." }),
  DROVER_OIDC_SCOPES_CLAIM: z
    .string()
    .default("scope")
    .register(ABOUT, {
      reader: "api",
      help:
        "Claim with the scopes, between blanks or as a list: `submit`, `read`, `admin`, or `drover:submit` and so on; " +
        "other words are passed over.",
    }),
};
