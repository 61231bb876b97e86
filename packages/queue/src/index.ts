export { type BullQueue, connectQueue, type QueueOptions } from "./bullmq/connect-queue.js";
export type { LeaseTimes } from "./bullmq/lease-times.js";
export { describeRedis } from "./redis-connections.js";
