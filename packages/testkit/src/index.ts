/** A bare connection, for tests that look at what Redis holds. */
export { Redis } from "ioredis";
export { chunksOf, readAll, seededBytes, sha256Hex } from "./bytes.js";
export { type ChaosProxy, chaosProxy } from "./chaos-proxy.js";
export { DAMAGES } from "./damage.js";
export { type Exposition, readExposition } from "./exposition.js";
export { canMount, mountFolder, mountMemory, type TestMount } from "./mount.js";
export { newJobId, newRequest } from "./new-request.js";
export { noPromtool, promtool } from "./promtool.js";
export { type RedisTap, redisTap } from "./redis-tap.js";
export { silentLog, storeIn, type TestStore, testQueue, testStore, withMethods } from "./test-adapters.js";
export { type PrivateRedis, privateRedis, type TestRedis, testRedis } from "./test-redis.js";
export { type Signal, signal, type WaitOptions, waitFor } from "./wait-for-state.js";
export { type ZipPart, zipOf } from "./zip-file.js";
