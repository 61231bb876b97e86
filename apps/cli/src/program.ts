import { JobStatus, StatsWindow } from "@drover/contract";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Config } from "./cli-config.js";
import { createContext } from "./commands/context.js";
import { cancel, download, list, logs, processors, remove, retry, status } from "./commands/jobs.js";
import { showStats } from "./commands/stats.js";
import { submitFile } from "./commands/submit.js";
import { finish } from "./commands/watch.js";
import { addWebhooks } from "./commands/webhooks.js";

/**
 * The command line. `onCode` gets the exit code of a command that ends; `up` ends with a signal instead. What
 * starts servers is loaded when it is asked for, so that a command that talks to one stays light.
 */
export function createProgram(config: Config, onCode: (code: number) => void): Command {
  const program = new Command("drover")
    .description("A durable HTTP job API in front of any file processor.")
    .addHelpText("after", HELP)
    .exitOverride();
  addServers(program, config, onCode);
  addSubmit(program, config, onCode);
  addJobs(program, config, onCode);
  addWebhooks(program, () => createContext(config), onCode);
  return program;
}

const HELP = `
DROVER_URL says where the server is (default http://127.0.0.1:8000).
Exit codes: 0 done; 1 the job failed or the server refused; 2 wrong command or setting;
            3 no Drover server answers; 130 ended by Ctrl-C.`;

function addServers(program: Command, config: Config, onCode: (code: number) => void): void {
  program
    .command("up")
    .description("start Redis (unless REDIS_URL is set), an api and workers; Ctrl-C stops them")
    .option("-w, --workers <n>", "worker processes", positive, 1)
    .option(
      "-p, --processor <module>",
      "a processor of your own: a file, or a package; may be repeated",
      gather,
    )
    .action(async (options) => (await import("./up/up.js")).up(config, options));
  program
    .command("demo")
    .description("start everything, send one file through it, write the results, stop")
    .option("--file <path>", "what to send (default: a Moodle log that comes with Drover)")
    .option("--processor <name>", "what to do with it", "moodle-log")
    .option("--output <folder>", "where the results go", "drover-demo")
    .action(async (options) => onCode(await (await import("./demo.js")).demo(config, options)));
  program
    .command("reconcile")
    .description("queue again the accepted jobs that Redis lost")
    .option(
      "--adopt",
      "say that this Redis and this storage belong together, though one of them does not know it",
    )
    .action(async (options) => onCode(await (await import("./reconcile.js")).reconcile(config, options)));
  program
    .command("import")
    .description("import the job files of an earlier server: jobs/<id>.json, jobs/<id>/events.log")
    .argument("<folder>", "the folder that holds jobs/")
    .option("-p, --processor <name>", "list the jobs under this processor (default: text-review)")
    .action(async (folder, options) =>
      onCode(await (await import("./import.js")).importJobs(config, folder, options)),
    );
}

function addSubmit(program: Command, config: Config, onCode: (code: number) => void): void {
  program
    .command("submit")
    .description("upload a file and make it a job")
    .argument("<file>")
    .requiredOption("-p, --processor <name>", "what to do with it")
    .option("--param <name=value>", "a param, JSON or text; may be repeated", gather)
    .option("--tag <name=value>", "a label; may be repeated", gather)
    .option("--priority <n>", "-100 to 100, the higher runs first", whole)
    .option("--key <key>", "idempotency key; default: a new one")
    .option("-w, --watch", "show progress until the job is done")
    .option("-o, --output <path>", "watch, then save the results as this file or in this folder")
    .option("--json", "print the job as JSON")
    .action(async (file, options) => onCode(await submitFile(createContext(config), file, options)));
}

function addJobs(program: Command, config: Config, onCode: (code: number) => void): void {
  const context = () => createContext(config); // only a command that talks to the server minds its address
  const job = (name: string, description: string) =>
    program.command(name).description(description).argument("<job>");
  const json = (command: Command) => command.option("--json", "print JSON");

  json(job("status", "show a job")).action(async (id, options) =>
    onCode(await status(context(), id, options)),
  );
  json(job("watch", "show progress until the job is done"))
    .option("-o, --output <path>", "then save the results")
    .action(async (id, options) => onCode(await finish(context(), id, options)));
  job("download", "save the primary artifact, else the only one or a ZIP of all; or the named one")
    .option("-a, --artifact <name>")
    .option("-o, --output <path>", "a file or a folder")
    .action(async (id, options) => onCode(await download(context(), id, options)));
  json(job("cancel", "cancel a job")).action(async (id, options) =>
    onCode(await cancel(context(), id, options)),
  );
  json(job("retry", "run a failed or cancelled job again")).action(async (id, options) =>
    onCode(await retry(context(), id, options)),
  );
  job("delete", "erase a job and its files").action(async (id) => onCode(await remove(context(), id)));
  json(job("logs", "show what the processor logged")).action(async (id, options) =>
    onCode(await logs(context(), id, options)),
  );
  json(program.command("processors").description("show what can be done with files")).action(
    async (options) => onCode(await processors(context(), options)),
  );
  json(program.command("stats").description("show how jobs ended lately, and how long they took"))
    .addOption(
      new Option("-w, --window <window>", "how far back").choices(StatsWindow.options).default("24h"),
    )
    .action(async (options) => onCode(await showStats(context(), options)));
  json(program.command("list").description("list jobs, newest first"))
    .addOption(new Option("-s, --status <status>").choices(JobStatus.options))
    .option("-p, --processor <name>")
    .option("--tag <name=value>", "may be repeated", gather)
    .option("-n, --limit <n>", "1 to 200", positive, 20)
    .action(async (options) => onCode(await list(context(), options)));
}

function gather(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function whole(text: string): number {
  if (!/^-?\d{1,9}$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}

function positive(text: string): number {
  const value = whole(text);
  if (value < 1) throw new InvalidArgumentError("Expected 1 or more.");
  return value;
}
