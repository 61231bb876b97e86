export { DroverProcess, type DroverProcessOptions } from "./drover-process.js";
export { System, type SystemOptions } from "./system.js";
