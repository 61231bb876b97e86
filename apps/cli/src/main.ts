import { CommanderError } from "commander";
import { readConfig } from "./cli-config.js";
import { EXIT, explain } from "./exit.js";
import { createProgram } from "./program.js";

/** Runs the command line of this process; the exit code is `EXIT`'s. */
async function main(): Promise<void> {
  watchOutput();
  const program = createProgram(readConfig(), (code) => {
    process.exitCode = code;
  });
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage; // commander has told what is wrong
      return;
    }
    const { code, text } = explain(error);
    process.stderr.write(`drover: ${text}\n`);
    process.exitCode = code;
  }
}

/**
 * What happens when standard output takes no more. A reader that went away, as `head` does, is taken as the
 * signal SIGPIPE, which Node itself turns off: who listens for it (`up`) stops in order, any other command
 * ends at once and quietly, as it has nothing left to say. Anything else, as a full disk, is told.
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

await main();
