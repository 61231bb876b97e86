import { JobStatus, StatsWindow } from "@drover/contract";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Config } from "./cli-config.js";
import { type Context, createContext } from "./commands/context.js";
import { remove } from "./commands/delete-jobs.js";
import { cancel, download, logs, processors, status } from "./commands/jobs.js";
import { addKeys } from "./commands/keys.js";
import { retry } from "./commands/retry-jobs.js";
import { search } from "./commands/search.js";
import { showStats } from "./commands/stats.js";
import { submitFile } from "./commands/submit.js";
import { watch } from "./commands/watch.js";
import { addWebhooks } from "./commands/webhooks.js";

/**
 * The command line. `onCode` gets the exit code of a command that ends; `up` ends with a signal instead. What
 * starts servers is loaded when it is asked for, so that a command that talks to one stays light.
 */
export function createProgram(config: Config, onCode: (code: number) => void): Command {
  const program = new Command("drover")
    .description("A durable HTTP job API in front of any file processor.")
    .option("--no-color", "never colour; NO_COLOR does the same, FORCE_COLOR the opposite")
    .option(
      "--api-key <key>",
      "a key; DROVER_API_KEY is safer: others on this machine see the words of a command",
    )
    .addHelpText("after", HELP)
    .exitOverride();
  // Only a command that talks to the server minds its address.
  const context = () => {
    const { color, apiKey } = program.opts<{ readonly color: boolean; readonly apiKey?: string }>();
    return createContext(apiKey === undefined ? config : { ...config, apiKey }, color);
  };
  addServers(program, config, onCode);
  addSubmit(program, context, onCode);
  addJobs(program, context, onCode);
  addManyJobs(program, context, onCode);
  addWebhooks(program, context, onCode);
  addKeys(program, context, onCode);
  return program;
}

const HELP = `
DROVER_URL says where the server is (default http://127.0.0.1:8000), DROVER_API_KEY is the key that it asks for.
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
    .option("--tenant <name>", "whose jobs they become (default: default)")
    .action(async (folder, options) =>
      onCode(await (await import("./import.js")).importJobs(config, folder, options)),
    );
}

function addSubmit(program: Command, context: () => Context, onCode: (code: number) => void): void {
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
    .action(async (file, options) => onCode(await submitFile(context(), file, options)));
}

function addJobs(program: Command, context: () => Context, onCode: (code: number) => void): void {
  const job = (name: string, description: string) =>
    program.command(name).description(description).argument("<job>");
  json(job("status", "show a job")).action(async (id, options) =>
    onCode(await status(context(), id, options)),
  );
  job("download", "save the primary artifact, else the only one or a ZIP of all; or the named one")
    .option("-a, --artifact <name>")
    .option("-o, --output <path>", "a file or a folder")
    .action(async (id, options) => onCode(await download(context(), id, options)));
  json(job("cancel", "cancel a job")).action(async (id, options) =>
    onCode(await cancel(context(), id, options)),
  );
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
}

function addManyJobs(program: Command, context: () => Context, onCode: (code: number) => void): void {
  const status = () => new Option("-s, --status <status>").choices(JobStatus.options);
  const filters = (command: Command) =>
    command.option("-p, --processor <name>").option("--tag <name=value>", "may be repeated", gather);
  const jobs = (name: string, description: string) =>
    json(filters(program.command(name).description(description).argument("[job...]")));
  const since = ["--created-after <when>", "a date, a time or an age, as 7d"] as const;

  json(filters(program.command("search").alias("list").description("list jobs, newest first")))
    .argument("[text]", "part of the id, the file name or a tag")
    .addOption(status())
    .option(...since)
    .option("-n, --limit <n>", "jobs at most", positive, 20)
    .action(async (text, options) => onCode(await search(context(), text, options)));
  jobs("watch", "show progress until the jobs are done; without ids, what happens to all jobs")
    .option("-o, --output <path>", "of one job: then save the results")
    .action(async (ids, options) => onCode(await watch(context(), ids, options)));
  jobs("retry", "run failed or cancelled jobs again")
    .option("--all", "all that match, in place of jobs by their ids")
    .option("--failed", "with --all: failed ones, the default")
    .option("--cancelled", "with --all: cancelled ones")
    .option(...since)
    .option("--dry-run", "show which ones, and do nothing")
    .action(async (ids, options) => onCode(await retry(context(), ids, options)));
  jobs("delete", "erase jobs and their files")
    .option("--older-than <age>", "all that match and were created longer ago, as 7d")
    .addOption(status())
    .option("--dry-run", "show which ones, and do nothing")
    .option("-y, --yes", "do not ask")
    .action(async (ids, options) => onCode(await remove(context(), ids, options)));
}

function json(command: Command): Command {
  return command.option("--json", "print JSON");
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
