export { type FindOptions, findRedisServer, RedisNotFoundError, type RedisProgram } from "./find-redis.js";
export { FolderInUseError } from "./lock.js";
export { type RedisOptions, type RunningRedis, startRedis } from "./redis-server.js";
