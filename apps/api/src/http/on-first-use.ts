import type { RequestHandler } from "express";

/**
 * Returns a handler that is made with the first request. What only a few requests need is loaded then, and
 * not at the start of the process. A load that fails is tried again with the next request.
 */
export function onFirstUse(load: () => Promise<RequestHandler>): RequestHandler {
  let loading: Promise<RequestHandler> | undefined;
  return async (request, response, next) => {
    loading ??= load();
    const handler = await loading.catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    await handler(request, response, next);
  };
}
