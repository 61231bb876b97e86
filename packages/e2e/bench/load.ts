import autocannon from "autocannon";

export interface Load {
  readonly url: string;
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly seconds: number;
  /** Default 16. */
  readonly connections?: number;
}

/**
 * What a load met: requests a second and latencies in ms.
 * @throws when any answer was not a 2xx.
 */
export interface LoadResult {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** Loads one address from this process, after a warm-up of a fifth of the time. */
export async function load(options: Load): Promise<LoadResult> {
  const { url, method = "GET", connections = 16, seconds } = options;
  const request = {
    url,
    method,
    connections,
    ...(options.headers && { headers: { ...options.headers } }),
    ...(options.body && { body: options.body }),
  };
  await autocannon({ ...request, duration: Math.max(1, Math.round(seconds / 5)) });
  const result = await autocannon({ ...request, duration: seconds });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} refusals, ${result.errors} errors`);
  return { perSecond: result.requests.average, p50: result.latency.p50, p99: result.latency.p99 };
}

/** A multipart body with one part named `file`. */
export function multipart(
  content: Buffer,
  filename: string,
): { readonly body: Buffer; readonly headers: Record<string, string> } {
  const boundary = "drover-bench-boundary";
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${filename}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  return {
    body: Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]),
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
  };
}
