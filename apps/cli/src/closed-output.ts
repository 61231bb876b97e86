import { EXIT, explain } from "./exit.js";

/**
 * What happens when standard output takes no more. A reader that went away, as `head` does, is taken as the signal SIGPIPE, which Node
 * itself turns off: who listens for it (`up`) stops in order, any other command ends at once and quietly, as it has nothing left to say.
 * Anything else, as a full disk, is told.
 */
export function watchOutput(): void {
  process.stderr.on("error", () => {}); // nobody is left to be told
  process.stdout.on("error", () => {}); // each further write fails as well
  process.stdout.once("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") {
      process.stderr.write(`drover: standard output: ${explain(error).text}\n`);
      process.exit(EXIT.usage);
    }
    if (!process.emit("SIGPIPE")) process.exit(EXIT.ok);
  });
}
