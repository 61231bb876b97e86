export { Guardian, type GuardianOptions } from "./guardian.js";
export { MARK_VARIABLE, Orphans, readMark } from "./orphaned-processes.js";
export {
  findProcess,
  identify,
  isRunning,
  listProcesses,
  type ProcessEntry,
  type ProcessIdentity,
  pidSpace,
} from "./process-table.js";
export { endFamily, type Family, familyOf, type ProcessKeeper, ProcessTree } from "./process-tree.js";
export { lastStarted } from "./started-processes.js";
