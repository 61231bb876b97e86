import { createServer } from "node:net";
import { UsageError } from "../exit.js";

/** Throws a `UsageError` that says what to do when the api could not listen there. */
export async function assertPortFree(host: string, port: number): Promise<void> {
  if (port === 0) return;
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.on("error", reject);
      server.listen(port, host, resolve);
    });
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
