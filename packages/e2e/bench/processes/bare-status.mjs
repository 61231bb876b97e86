/** The least that a status endpoint can be: Express, one HGETALL. */
import express from "express";
import { Redis } from "ioredis";

const redis = new Redis(process.env.REDIS_URL);
await redis.hset("baseline:job", {
  id: "1",
  status: "completed",
  progress: "100",
  created_at: new Date().toISOString(),
});
const app = express();
app.get("/status/:id", async (request, response) => {
  response.json(await redis.hgetall(`baseline:${request.params.id}`));
});
const server = app.listen(0, "127.0.0.1", () =>
  process.send({ url: `http://127.0.0.1:${server.address().port}` }),
);
process.on("disconnect", () => process.exit());
