export { Guardian, type GuardianOptions } from "./guardian.js";
export { MARK_VARIABLE, Orphans, readMark } from "./orphans.js";
export { identify, isRunning, type ProcessIdentity, pidSpace } from "./process-identity.js";
export { findProcess, listProcesses, type ProcessEntry } from "./process-table.js";
export { endFamily, type Family, familyOf, type ProcessKeeper, ProcessTree } from "./process-tree.js";
