export { type BullQueue, connectQueue, type QueueOptions } from "./bullmq/bullmq.js";
export type { LeaseTimes } from "./bullmq/lease.js";
export { createMemoryQueue } from "./memory/memory.js";
export { describeRedis } from "./redis.js";
