/** Time within which a second signal is the same wish: Ctrl-C in a terminal reaches npm and this process, and npm passes its own on. In ms. */
const SAME_WISH_MS = 1_000;

/**
 * Listens for the wish to end: SIGINT, SIGTERM, SIGHUP, a closed output (SIGPIPE), or the loss of the parent that gave this process a
 * channel. Calls `onWish` with the signal's exit code (0 for a lost parent or reader) for the first, and again for each further wish a second or more later.
 */
export function onEnding(onWish: (exitCode: number) => void): void {
  let lastAt = Number.NEGATIVE_INFINITY;
  const wish = (exitCode: number): void => {
    const isSameWish = performance.now() - lastAt < SAME_WISH_MS;
    lastAt = performance.now();
    if (!isSameWish) onWish(exitCode);
  };
  process.on("SIGINT", () => wish(130));
  process.on("SIGTERM", () => wish(143));
  process.on("SIGHUP", () => wish(129));
  process.on("SIGPIPE", () => wish(0));
  if (process.channel !== undefined) process.on("disconnect", () => wish(0));
}
