/**
 * The least that a submit can be: multer to disk, queue.add; and an upload piped to disk with a SHA-256 on
 * the way. No fsync.
 */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Queue } from "bullmq";
import express from "express";
import { Redis } from "ioredis";
import multer from "multer";

const folder = process.env.BASELINE_FOLDER;
const queue = new Queue("baseline", {
  connection: new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null }),
});
const app = express();
app.post("/submit", multer({ dest: folder }).single("file"), async (request, response) => {
  const job = await queue.add("job", { path: request.file.path });
  response.status(202).json({ job_id: job.id });
});
app.put("/pipe", async (request, response) => {
  const hash = createHash("sha256");
  const tap = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(request, tap, createWriteStream(join(folder, "piped"), { highWaterMark: 1 << 20 }));
  response.json({ sha256: hash.digest("hex") });
});
const server = app.listen(0, "127.0.0.1", () =>
  process.send({ type: "listening", url: `http://127.0.0.1:${server.address().port}` }),
);
process.on("disconnect", () => process.exit());
