export { type FindOptions, findRedisServer, RedisNotFoundError, type RedisProgram } from "./find.js";
export { FolderInUseError } from "./lock.js";
export { type RedisOptions, type RunningRedis, startRedis } from "./server.js";
