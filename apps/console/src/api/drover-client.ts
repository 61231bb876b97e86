import { createClient } from "@drover/client";

/** The server that these pages come from; a browser sends its session's cookie by itself. */
export const drover = createClient({ baseUrl: window.location.origin });
