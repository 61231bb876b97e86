import { createServer } from "node:net";
import { UsageError } from "../exit.js";

/**
 * The port that the api will listen on: `port` itself, or a free one for 0, so that an api that is started again keeps its address.
 * Throws a `UsageError` that says what to do when nobody could listen there.
 */
export async function choosePort(host: string, port: number): Promise<number> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.on("error", reject);
      server.listen(port, host, resolve);
    });
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : port;
  } catch (error) {
    throw new UsageError(messageFor(error, host, port));
  } finally {
    server.close();
  }
}

function messageFor(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    return `Port ${port} of ${host} is taken: by another program, or by a Drover that is already up. Stop it, or choose another port: PORT=${port + 1} npm start`;
  }
  return `The api cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`;
}
