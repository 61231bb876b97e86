/**
 * A processor in TypeScript: counts lines by their length and writes the counts as CSV.
 *
 *   npx tsc --module nodenext --target es2022 --outDir build examples/typescript-processor/line-statistics.ts
 *   DROVER_PROCESSORS=./build/line-statistics.js npm start
 *   curl -F file=@README.md -F 'params={"bucket":20}' http://127.0.0.1:8000/api/processors/line-statistics/jobs
 */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { defineProcessor, InputInvalidError } from "@drover/processor-sdk";
import { z } from "zod";

const params = z.object({
  bucket: z.int().min(1).max(1_000).default(10).describe("Width of one row of the table, in characters."),
});

export default defineProcessor({
  name: "line-statistics",
  version: "1.0.0",
  description: "Counts the lines of a text by their length.",
  accepts: { extensions: [".txt", ".md", ".csv"] },
  params,
  async run({ input, params: { bucket }, progress, signal, artifact }) {
    const counts = new Map<number, number>();
    let lines = 0;
    let characters = 0;
    for await (const line of createInterface({ input: Readable.from(input.stream()) })) {
      signal.throwIfAborted();
      if (line.includes("\0")) throw new InputInvalidError(`Line ${lines + 1}: this is not a text file.`);
      const from = Math.floor(line.length / bucket) * bucket;
      counts.set(from, (counts.get(from) ?? 0) + 1);
      lines += 1;
      characters += line.length + 1;
      progress(Math.min(99, (100 * characters) / input.sizeBytes), { stage: "count" });
    }
    const table = artifact("lengths.csv", { isPrimary: true, mediaType: "text/csv" });
    table.write("from,to,lines\n");
    for (const [from, count] of [...counts].sort(([a], [b]) => a - b))
      table.write(`${from},${from + bucket - 1},${count}\n`);
    table.end();
    await once(table, "finish");
    return { lines };
  },
});
