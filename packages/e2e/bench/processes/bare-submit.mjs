/**
 * The least that a submit can be: multer to disk, queue.add. `/submit-durable` does what has to be done to
 * promise that an accepted file is still there after a power loss: the file and its folder are synced first.
 * `/pipe` streams an upload to disk with a SHA-256 on the way, `/pipe-durable` also syncs it; `/file` sends the
 * file that was piped last.
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Queue } from "bullmq";
import express from "express";
import { Redis } from "ioredis";
import multer from "multer";

const folder = process.env.BENCH_FOLDER;
const queue = new Queue("bare-submit", {
  connection: new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null }),
});
const app = express();
const upload = multer({ dest: folder }).single("file");
const submit = async (request, response) => {
  const job = await queue.add("job", { path: request.file.path });
  response.status(202).json({ job_id: job.id });
};
app.post("/submit", upload, submit);
app.post("/submit-durable", upload, async (request, response) => {
  await sync(request.file.path);
  await sync(folder);
  await submit(request, response);
});
const pipe = (finish) => async (request, response) => {
  const hash = createHash("sha256");
  const tap = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const path = join(folder, `piped-${request.query.client ?? 0}`);
  await pipeline(request, tap, createWriteStream(path, { highWaterMark: 1 << 20 }));
  await finish(path);
  response.json({ sha256: hash.digest("hex") });
};
app.put(
  "/pipe",
  pipe(() => {}),
);
app.put("/pipe-durable", pipe(sync));
app.get("/file", (_request, response) =>
  pipeline(createReadStream(join(folder, "piped-0")), response).catch(() => {}),
);
const server = app.listen(0, "127.0.0.1", () =>
  process.send({ url: `http://127.0.0.1:${server.address().port}` }),
);
process.on("disconnect", () => process.exit());

async function sync(path) {
  const file = await open(path);
  await file.sync();
  await file.close();
}
