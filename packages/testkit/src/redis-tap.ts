import { connect, createServer, type Socket } from "node:net";

/** A way to a Redis that notes each command that is sent on it. */
export interface RedisTap {
  /** As the target's URL, with the tap's own host and port. */
  readonly url: string;
  /** Name and arguments of each command so far, in the order in which they passed. */
  readonly commands: readonly (readonly string[])[];
  /** Drops every connection and stops listening. */
  close(): Promise<void>;
}

/** A tap on 127.0.0.1, at a free port. (MONITOR of ioredis breaks when commands arrive while it begins.) */
export async function redisTap(target: string): Promise<RedisTap> {
  const { hostname, port } = new URL(target);
  const commands: (readonly string[])[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined); // "close" follows
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    let unread: Buffer = Buffer.alloc(0);
    client.on("data", (bytes: Buffer) => {
      const found = readCommands(Buffer.concat([unread, bytes]));
      unread = found.unread;
      commands.push(...found.commands);
    });
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String(typeof address === "object" ? address?.port : 0);
  return {
    url: url.href,
    commands,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** The whole commands in `bytes`, each an array of bulk strings (RESP), and what follows them. */
function readCommands(bytes: Buffer): { readonly commands: string[][]; readonly unread: Buffer } {
  const commands: string[][] = [];
  let start = 0;
  for (;;) {
    let at = start;
    const readLength = (): number => {
      const end = bytes.indexOf("\r\n", at);
      if (end < 0) return Number.NaN;
      const length = Number(bytes.toString("latin1", at + 1, end));
      at = end + 2;
      return length;
    };
    const command: string[] = [];
    const size = readLength();
    while (command.length < size) {
      const length = readLength();
      if (Number.isNaN(length) || at + length + 2 > bytes.length)
        return { commands, unread: bytes.subarray(start) };
      command.push(bytes.toString("utf8", at, at + length));
      at += length + 2;
    }
    if (Number.isNaN(size)) return { commands, unread: bytes.subarray(start) };
    commands.push(command);
    start = at;
  }
}
