import { createConnection, createServer } from "node:net";

/** What answered at a port: Redis ready, Redis reading its data, nobody, or somebody else. */
export type ProbeAnswer = "ready" | "loading" | "nobody" | "stranger";

/** Asks the Redis at 127.0.0.1 for a PING; answers within a second. */
export function probe(port: number, password: string): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    let text = "";
    const end = (answer: ProbeAnswer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => end("stranger"));
    socket.on("error", () => end("nobody"));
    socket.on("close", () => end("stranger"));
    socket.on("connect", () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (text.includes("-LOADING")) end("loading");
      else if (text.startsWith("-")) end("stranger");
      else if (text.includes("+PONG")) end("ready");
    });
  });
}

/** A port of 127.0.0.1 that nobody listens on, never 6379: a Redis there is somebody's own. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 6379;
      server.close(() => resolve(port === 6379 ? freePort() : port));
    });
  });
}
