import type { Dispatch } from "@drover/client";
import { type Command, InvalidArgumentError } from "commander";
import { EXIT } from "../exit.js";
import { visible } from "../show.js";
import { type Context, print } from "./context.js";

interface JsonOption {
  readonly json?: boolean;
}

/** Adds `drover pause`, `drover resume` and `drover concurrency` to the program. */
export function addDispatch(program: Command, context: () => Context, onCode: (code: number) => void): void {
  const one = (name: string, description: string) =>
    program
      .command(name)
      .argument("<processor>")
      .description(description)
      .option("--json", "print how its jobs are handed out");
  one("pause", "let no worker take a job of a processor; running attempts go on").action(
    async (processor, options) =>
      onCode(await change(context(), processor, options, (client) => client.pause(processor))),
  );
  one("resume", "let workers take its jobs again").action(async (processor, options) =>
    onCode(await change(context(), processor, options, (client) => client.resume(processor))),
  );
  one("concurrency", "bound how many of its attempts run at a time over all workers")
    .argument("<n>", "a number, or none for as many as the workers have slots", bound)
    .action(async (processor, concurrency, options) =>
      onCode(
        await change(context(), processor, options, (client) =>
          client.setConcurrency(processor, concurrency),
        ),
      ),
    );
}

async function change(
  context: Context,
  processor: string,
  options: JsonOption,
  ask: (client: Context["client"]) => Promise<Dispatch>,
): Promise<number> {
  const dispatch = await ask(context.client);
  print(context, options, dispatch, `${visible(describe(processor, dispatch))}\n`);
  return EXIT.ok;
}

function describe(processor: string, { is_paused, concurrency }: Dispatch): string {
  const most =
    concurrency === null ? "as many attempts as there are slots" : `at most ${concurrency} at a time`;
  return `${processor} ${is_paused ? "is paused; then" : "runs"} ${most}`;
}

function bound(text: string): number | null {
  if (text === "none") return null;
  if (/^[1-9][0-9]{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("A whole number from 1, or none.");
}
