export { createLog, type LogOptions, rateLimited, withFields } from "./create-log.js";
export { formatLog, type LogEntry, trouble } from "./log-format.js";
