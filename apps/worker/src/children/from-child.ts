import { LOG_LEVELS } from "@drover/core";
import { z } from "zod";
import { type FromChild, MAX_LOG_LENGTH, MAX_STACK_LENGTH } from "./messages.js";

const cutAt = (length: number) => z.string().transform((text) => text.slice(0, length));
const size = z.int().min(0);
const sha256 = z.string().regex(/^([0-9a-f]{64})?$/);

const artifact = z.object({
  name: z.string(),
  path: z.string(),
  mediaType: z.string(),
  isPrimary: z.boolean(),
  sizeBytes: size,
  sha256,
  crc32: z.int().min(0).max(0xffff_ffff),
  gzip: z.object({ sizeBytes: size, sha256 }).exactOptional(),
  changedAtMs: z.number(),
});

const thrown = z.object({
  kind: z.enum(["input_invalid", "try_later", "error"]),
  message: cutAt(MAX_STACK_LENGTH),
  stack: cutAt(MAX_STACK_LENGTH),
  afterMs: z.number().exactOptional(),
});

const MESSAGE = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  z.object({
    type: z.literal("progress"),
    percent: z.number().min(0).max(100),
    stage: z.string().nullable(),
    message: z.string().nullable(),
  }),
  z.object({ type: z.literal("log"), level: z.enum(LOG_LEVELS), message: cutAt(MAX_LOG_LENGTH) }),
  z.object({
    type: z.literal("returned"),
    result: z.unknown(),
    artifacts: z.array(artifact),
    wasStopped: z.boolean(),
    isClean: z.boolean().exactOptional(),
  }),
  z.object({ type: z.literal("threw"), thrown }),
  z.object({ type: z.literal("checked"), leftover: cutAt(MAX_LOG_LENGTH).nullable() }),
  z.object({ type: z.literal("late"), attempt: z.int(), what: cutAt(MAX_LOG_LENGTH) }),
]);

/**
 * Returns the message that a child sent, long texts cut; `undefined` for what is none. child-main.ts sends
 * nothing else, but a processor that took over its process may.
 */
export function parseFromChild(value: unknown): FromChild | undefined {
  return MESSAGE.safeParse(value).data;
}
