export { type Dependencies, watchDependencies } from "./dependency-metrics.js";
export { countApiEvents, countWorkerEvents } from "./event-metrics.js";
export {
  API_FAMILIES,
  FAMILIES,
  type Family,
  type FamilyName,
  SHARED_FAMILIES,
  WORKER_FAMILIES,
} from "./families.js";
export { MetricRegistry } from "./metric-registry.js";
export { watchProcess } from "./process-metrics.js";
export { Reading, type ReadingOptions } from "./reading.js";
