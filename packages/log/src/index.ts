export { createLog, type LogOptions, rateLimited, withFields } from "./create-log.js";
export { errorFields, formatLog, type LogEntry } from "./log-format.js";
