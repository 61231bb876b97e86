import type { ApiInfo, InstallationMark, InstallationMarks, LiveApis } from "@drover/core";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";

const API_TTL_MS = 15_000;

/** The installation's mark as one string that never expires. */
export function redisInstallation(link: RedisLink, keys: RedisKeys): InstallationMarks {
  const mark = async (value: string) =>
    decodeMark(String(await link.run("mark-installation", [keys.installation], [value])));
  return {
    async read() {
      const held = await link.use((client) => client.get(keys.installation));
      return held === null ? undefined : decodeMark(held);
    },
    create: (id) => mark(`new ${id}`),
    bind: (id) => mark(`bound ${id}`),
    hasJobs: async () => (await link.use((client) => client.exists(keys.index))) === 1,
  };
}

/** A text that we did not write names an installation that is not ours either. */
function decodeMark(text: string): InstallationMark {
  return text.startsWith("new ")
    ? { state: "new", id: text.slice("new ".length) }
    : { state: "bound", id: text.replace(/^bound /, "") };
}

/** Heartbeats in a hash, stamped and judged by the server's clock, as those of the workers are. */
export function redisLiveApis(link: RedisLink, keys: RedisKeys): LiveApis {
  // The scripts of the catalogue, with one hash in the place of its two; nobody asks an api to stop.
  const hash = [keys.apis, keys.apis, keys.drains];
  return {
    async announce(api) {
      await link.run("announce", hash, [api.id, JSON.stringify(api), API_TTL_MS]);
    },
    async withdraw(apiId) {
      await link.use((client) => client.hdel(keys.apis, apiId));
    },
    async read() {
      const args = [API_TTL_MS, API_TTL_MS, API_TTL_MS];
      const [apis] = (await link.run("catalogue", hash, args)) as [string[], string[], string[]];
      return apis.map((entry) => JSON.parse(entry.slice(entry.indexOf(" ") + 1)) as ApiInfo);
    },
  };
}
