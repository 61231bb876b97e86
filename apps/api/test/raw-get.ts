import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from "node:http";

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As they came, decoded by nobody. */
  readonly body: Buffer;
}

/** A request with these headers and no others, which `fetch` would add. */
export function rawGet(url: string, headers: OutgoingHttpHeaders = {}, method = "GET"): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers }, async (response) => {
      const parts: Buffer[] = [];
      try {
        for await (const part of response) parts.push(part);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(parts),
        });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.on("error", reject).end();
  });
}
