import { CommanderError } from "commander";
import { watchOutput } from "./closed-output.js";
import { readConfig } from "./config.js";
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

await main();
