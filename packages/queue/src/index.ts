export { createMemoryQueue } from "./memory/memory.js";
