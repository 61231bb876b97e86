/** How much of an upload was sent. */
export interface UploadProgress {
  /**
   * Bytes of the request's body, which is the file and some hundred bytes around it, that the system took to
   * send: handed to the socket in Node, what the browser says in a browser. The server may have received less.
   */
  readonly sentBytes: number;
  /** Length of that body; `undefined` where the browser does not know it. */
  readonly totalBytes: number | undefined;
}

/** What a `fetch` gets of the client; one that knows `onUploadProgress` calls it while it sends a form. */
export interface UploadInit extends RequestInit {
  readonly onUploadProgress?: (progress: UploadProgress) => void;
}

/**
 * A sender of forms that tells how far it is, where the platform has one: browsers' `fetch` tells nothing, their
 * XMLHttpRequest does. It lives in pages and workers, not in service workers.
 */
export function browserUpload(): ((url: string, init: UploadInit) => Promise<Response>) | undefined {
  return typeof XMLHttpRequest === "undefined" ? undefined : sendByXhr;
}

function sendByXhr(url: string, init: UploadInit): Promise<Response> {
  const request = new XMLHttpRequest();
  request.open(init.method ?? "POST", url);
  request.responseType = "blob";
  for (const [name, value] of new Headers(init.headers)) request.setRequestHeader(name, value);
  request.upload.onprogress = ({ loaded, total, lengthComputable }) =>
    init.onUploadProgress?.({ sentBytes: loaded, totalBytes: lengthComputable ? total : undefined });
  return new Promise((resolve, reject) => {
    const abort = () => request.abort();
    const signal = init.signal ?? undefined;
    signal?.addEventListener("abort", abort, { once: true });
    request.onload = () => resolve(responseOf(request));
    request.onerror = () => reject(new TypeError("The request failed.")); // a browser does not say why
    request.onabort = () => reject(signal?.reason);
    request.onloadend = () => signal?.removeEventListener("abort", abort);
    if (signal?.aborted === true) reject(signal.reason);
    else request.send(init.body instanceof FormData ? init.body : null);
  });
}

function responseOf(request: XMLHttpRequest): Response {
  const headers = new Headers();
  for (const line of request.getAllResponseHeaders().trim().split("\r\n")) {
    const at = line.indexOf(":");
    if (at > 0) headers.append(line.slice(0, at), line.slice(at + 1).trim());
  }
  const body: unknown = request.response;
  const hasBody = ![204, 205, 304].includes(request.status) && body instanceof Blob;
  return new Response(hasBody ? body : null, { status: request.status, headers });
}
