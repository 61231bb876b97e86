/**
 * Times single requests: GETs that are sent over kept connections, each when the one before it was answered.
 * Replies with what the message asked for: the times in ms, finer than a load generator counts them.
 */
import { Agent, get } from "node:http";

process.on("message", async ({ base, paths, connections, requests }) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const times = [];
  let sent = 0;
  let mistake;
  const ask = (path) =>
    new Promise((resolve, reject) => {
      const startedAt = performance.now();
      get(base + path, { agent }, (response) => {
        if (response.statusCode !== 200) mistake ??= `${path} was answered ${response.statusCode}`;
        response.on("data", () => {});
        response.on("end", () => {
          times.push(performance.now() - startedAt);
          resolve();
        });
      }).on("error", reject);
    });
  const client = async () => {
    while (sent < requests) await ask(paths[sent++ % paths.length]);
  };
  await Promise.all(Array.from({ length: connections }, client)).catch((error) => {
    mistake ??= String(error);
  });
  agent.destroy();
  process.send({ times, mistake });
});
process.on("disconnect", () => process.exit());
process.send({});
