/**
 * Calls `stop` at the first SIGTERM or SIGINT, or when the parent process that started this one over IPC has died; a second signal
 * ends the process at once.
 */
export function onStopRequest(stop: (reason: string) => void): void {
  let isStopping = false;
  const request = (reason: string) => {
    if (isStopping) process.exit(1);
    isStopping = true;
    stop(reason);
  };
  process.on("SIGTERM", () => request("SIGTERM"));
  process.on("SIGINT", () => request("SIGINT"));
  // A parent that closes the channel on purpose after a signal must not count as the second one.
  const onDisconnect = () => {
    if (!isStopping) request("parent gone");
  };
  process.on("disconnect", onDisconnect);
  if (process.connected === false) onDisconnect(); // the parent died while this process was starting
}
