import { ABOUT } from "./about-setting.js";
import { keySettings } from "./key-settings.js";
import { HOST_NAMES, ORIGINS, PROXIES } from "./list-entries.js";
import { bytes, integer, list } from "./value-kinds.js";

const TIB = 1024 ** 4;

/** A number of something; 0 for any. */
function limit() {
  return integer({ min: 0, max: 1_000_000_000 }).default(0);
}

/** Who may call, from where, and how much of everything they get. */
export const accessSettings = {
  DROVER_HOSTS: list(HOST_NAMES)
    .default([])
    .register(ABOUT, {
      reader: "api",
      help:
        "Further names under which the api is spoken to, separated by commas: behind a proxy, its public " +
        "name. `*` for any, where the proxy checks them.",
    }),
  DROVER_CORS_ORIGINS: list(ORIGINS)
    .default([])
    .register(ABOUT, {
      reader: "api",
      help:
        "Origins whose pages may use the api from a browser, separated by commas, as " +
        "`http://localhost:5173`. Pages of the api's own origin always may.",
    }),
  DROVER_TRUST_PROXY: list(PROXIES)
    .default([])
    .register(ABOUT, {
      reader: "api",
      help:
        "Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` count: how many stand in front of the api, or " +
        "their addresses and networks, as `10.0.0.0/8`, or `loopback`, `linklocal`, `uniquelocal`. Default: none.",
    }),
  ...keySettings,
  DROVER_TENANT_REQUESTS: limit().register(ABOUT, {
    reader: "api",
    help:
      "Requests that one tenant may send in a minute, over all apis; without a key, one address. 0 for any " +
      "number, as for the limits that follow. `PUT /api/tenants/{tenant}/limits` gives one tenant others.",
  }),
  DROVER_TENANT_QUEUED: limit().register(ABOUT, {
    reader: "api",
    help: "Jobs of one tenant that may wait in line, of all processors together.",
  }),
  DROVER_TENANT_RUNNING: limit().register(ABOUT, {
    reader: "both",
    help: "Jobs of one tenant that may run at a time, of each processor.",
  }),
  DROVER_TENANT_STORED_BYTES: bytes({ min: 0, max: 1024 * TIB })
    .default(0)
    .register(ABOUT, {
      reader: "both",
      help: "Bytes that the inputs and artifacts of one tenant may take.",
    }),
};
