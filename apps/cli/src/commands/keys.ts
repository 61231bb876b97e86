import type { ApiKey } from "@drover/client";
import { Scope } from "@drover/contract";
import type { Command } from "commander";
import { EXIT, UsageError } from "../exit.js";
import { visible } from "../show.js";
import { type Context, print } from "./context.js";
import { ageMs } from "./filter.js";

interface JsonOption {
  readonly json?: boolean;
}

interface CreateOptions extends JsonOption {
  readonly tenant: string;
  readonly scopes: string;
  readonly name?: string;
  readonly expiresIn?: string;
}

/** Adds `drover keys …` to the program. */
export function addKeys(program: Command, context: () => Context, onCode: (code: number) => void): void {
  const json = (command: Command) => command.option("--json", "print JSON");
  const keys = program.command("keys").description("API keys: who may submit and read; needs an admin's key");
  json(keys.command("create").description("make one and print it, this once"))
    .option("-t, --tenant <name>", "whose jobs it submits and reads", "default")
    .option("-s, --scopes <list>", Scope.options.join(","), "submit,read")
    .option("-n, --name <text>", "what for, for people")
    .option("--expires-in <age>", "as 12h or 90d; default: it holds until it is revoked")
    .action(async (options) => onCode(await createKey(context(), options)));
  json(keys.command("list", { isDefault: true }).description("list them, without their secrets")).action(
    async (options) => onCode(await listKeys(context(), options)),
  );
  keys
    .command("revoke")
    .argument("<key>", "id of the key")
    .description("every api refuses it within 5 s")
    .action(async (id) => onCode(await revokeKey(context(), id)));
}

/** The key alone goes to `out`, so that a script can take it; what is said about it goes to the remarks. */
async function createKey(context: Context, options: CreateOptions): Promise<number> {
  const { tenant, name, expiresIn } = options;
  const created = await context.client.keys.create({
    tenant,
    scopes: scopesOf(options.scopes),
    ...(name === undefined ? {} : { name }),
    ...(expiresIn === undefined
      ? {}
      : { expires_in_s: Math.round(ageMs(expiresIn, "--expires-in") / 1_000) }),
  });
  print(context, options, created, `${created.key}\n`);
  if (options.json !== true) {
    const sentence =
      "The key is shown this once. Clients send it as DROVER_API_KEY, Authorization: Bearer or X-API-Key.";
    context.remarks.write(`${describeKey(created)}${sentence}\n`);
  }
  return EXIT.ok;
}

async function listKeys(context: Context, options: JsonOption): Promise<number> {
  const keys = await context.client.keys.list();
  print(context, options, keys, keys.map(describeKey).join(""));
  return EXIT.ok;
}

async function revokeKey(context: Context, id: string): Promise<number> {
  await context.client.keys.revoke(id);
  return EXIT.ok;
}

function scopesOf(text: string): Scope[] {
  return text.split(",").map((word) => {
    const { data } = Scope.safeParse(word.trim());
    if (data !== undefined) return data;
    throw new UsageError(`--scopes is a list of ${Scope.options.join(", ")}; got "${text}".`);
  });
}

/** A line: id, tenant, scopes, name, and until when it holds. */
function describeKey({ id, tenant, scopes, name, created_at, expires_at }: ApiKey): string {
  const until = expires_at === null ? "" : `, until ${expires_at}`;
  return `${visible(`${id}  ${tenant}  ${scopes.join("+")}  ${name}  (since ${created_at}${until})`)}\n`;
}
