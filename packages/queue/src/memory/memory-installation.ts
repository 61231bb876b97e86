import type { ApiInfo, InstallationMark, InstallationMarks, LiveApis } from "@drover/core";
import type { MemoryState } from "./state.js";

/** The installation's mark, for as long as this process lives. */
export function memoryInstallation(state: MemoryState): InstallationMarks {
  let mark: InstallationMark | undefined;
  return {
    read: async () => mark,
    async create(id) {
      mark ??= { state: "new", id };
      return mark;
    },
    async bind(id) {
      if (mark?.state !== "bound") mark = { state: "bound", id };
      return mark;
    },
    hasJobs: async () => state.entries.size > 0,
  };
}

/** The apis, for as long as this process lives. */
export function memoryLiveApis(): LiveApis {
  const apis = new Map<string, ApiInfo>();
  return {
    async announce(api) {
      apis.set(api.id, api);
    },
    async withdraw(id) {
      apis.delete(id);
    },
    read: async () => [...apis.values()],
  };
}
