export { byLevel, createLog, type LogOptions, RateLimit, rateLimited, withFields } from "./create-log.js";
export { errorFields, formatLog, type LogEntry } from "./log-format.js";
