import { connect, createServer, type Socket } from "node:net";

/** A bad network between a process and a server. It starts healthy. */
export interface ChaosProxy {
  /** As the target's URL, with the proxy's own host and port. */
  readonly url: string;
  readonly port: number;
  /** Connections that are open now. */
  readonly connections: number;
  /** Resets every connection, and every new one at once, until `heal`. */
  cut(): void;
  /**
   * No byte passes in either direction and no end of a connection is seen, without a reset, until `heal`;
   * then what was held arrives, as TCP would send it again. New connections are accepted and hear nothing.
   */
  silence(): void;
  /** Passes bytes again. */
  heal(): void;
  /** Drops every connection and stops listening. Twice is fine. */
  close(): Promise<void>;
}

type Weather = "healthy" | "cut" | "silent";

interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
}

/**
 * A proxy on 127.0.0.1, at a free port, in front of the `redis://` or other URL whose host and port it
 * connects to.
 */
export async function chaosProxy(target: string): Promise<ChaosProxy> {
  const address = new URL(target);
  const links = new Set<Link>();
  let weather: Weather = "healthy";

  /** The end of one side is the end of both; in silence neither hears of it. */
  const settle = (link: Link) => {
    if (!link.client.destroyed && !link.upstream.destroyed) return join(link);
    links.delete(link);
    link.client.destroy();
    link.upstream.destroy();
  };
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (client) => {
    if (weather === "cut") {
      client.resetAndDestroy();
      return;
    }
    const host = address.hostname.replace(/^\[(.*)\]$/, "$1");
    const upstream = connect({ host, port: Number(address.port), noDelay: true });
    const link = { client, upstream };
    links.add(link);
    for (const socket of [client, upstream]) {
      socket.on("error", () => undefined); // "close" follows
      socket.on("close", () => weather !== "silent" && settle(link));
    }
    if (weather === "healthy") join(link);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const port = portOf(server.address());
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String(port);

  const dropAll = () => {
    for (const { client, upstream } of links) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  };
  return {
    url: url.href,
    port,
    get connections() {
      return links.size;
    },
    cut() {
      weather = "cut";
      dropAll();
    },
    silence() {
      weather = "silent";
      for (const link of links) part(link);
    },
    heal() {
      weather = "healthy";
      for (const link of links) settle(link);
    },
    close: () =>
      new Promise((resolve) => {
        weather = "cut";
        dropAll();
        server.close(() => resolve()); // calls back with an error when it is closed already, which is fine
      }),
  };
}

function join({ client, upstream }: Link): void {
  part({ client, upstream }); // a second pipe would double every byte
  client.pipe(upstream);
  upstream.pipe(client);
}

function part({ client, upstream }: Link): void {
  client.unpipe(upstream).pause();
  upstream.unpipe(client).pause();
}

function portOf(address: ReturnType<ReturnType<typeof createServer>["address"]>): number {
  if (address === null || typeof address === "string")
    throw new Error("The proxy does not listen on a port.");
  return address.port;
}
