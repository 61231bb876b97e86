/** Sends the load that each message asks for, and replies with what it met. */
import autocannon from "autocannon";

process.on("message", async ({ url, method = "GET", headers, body, seconds, connections }) => {
  const result = await autocannon({
    url,
    method,
    headers,
    connections,
    duration: seconds,
    ...(body === undefined ? {} : { body: Buffer.from(body, "base64") }),
  });
  const { requests, latency, non2xx, errors, duration } = result;
  process.send({
    requests: requests.total,
    seconds: duration,
    p50: latency.p50,
    p99: latency.p99,
    mistake: non2xx > 0 || errors > 0 ? `${non2xx} refusals, ${errors} errors` : undefined,
  });
});
process.on("disconnect", () => process.exit());
process.send({});
