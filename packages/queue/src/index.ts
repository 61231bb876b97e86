export { type BullQueue, connectQueue, type QueueOptions } from "./bullmq/connect-queue.js";
export type { LeaseTimes } from "./bullmq/lease-times.js";
export { createMemoryQueue } from "./memory/memory.js";
export { describeRedis } from "./redis-connections.js";
