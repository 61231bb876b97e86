/**
 * An Express application that takes files from its own users and has Drover do the work. Its users never
 * see Drover.
 *
 *   npm start                                   # in the repository: Drover on port 8000
 *   node examples/express-app/server.mjs        # this application on port 3000
 *   curl -F file=@README.md http://127.0.0.1:3000/reports
 *   curl http://127.0.0.1:3000/reports/<id>
 */
import { pipeline } from "node:stream/promises";
import { createClient, ProblemError } from "@drover/client";
import express from "express";
import multer from "multer";

const client = createClient({ baseUrl: process.env.DROVER_URL ?? "http://127.0.0.1:8000" });
const app = express();
const upload = multer({ limits: { fileSize: 10 << 20, files: 1 } });

/** Answers at once: the work goes on in a worker, also when this application is restarted. */
app.post("/reports", upload.single("file"), async (request, response) => {
  const { buffer, originalname, mimetype } = request.file ?? {};
  if (buffer === undefined) return response.status(400).json({ message: "Send a file as part `file`." });
  const file = new Blob([buffer], { type: mimetype });
  const { job_id } = await client.submit("checksum", file, { filename: originalname });
  response.status(202).location(`/reports/${job_id}`).json({ id: job_id });
});

app.get("/reports/:id", async (request, response) => {
  const { status, progress, error, result } = await client.get(request.params.id);
  response.json({ status, progress, result, message: error?.message });
});

app.get("/reports/:id/file", async (request, response) => {
  const { body, filename } = await client.download(request.params.id);
  response.attachment(filename);
  await pipeline(body, response);
});

/**
 * What Drover refused is told with its status and its sentence; anything else is this application's own
 * trouble.
 */
app.use((error, _request, response, next) => {
  if (!(error instanceof ProblemError)) return next(error);
  response.status(error.status).json({ message: error.detail });
});

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  process.stdout.write(`Listening on http://127.0.0.1:${server.address().port}\n`);
});
process.on("SIGTERM", () => server.close());
