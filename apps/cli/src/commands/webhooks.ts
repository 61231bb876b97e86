import type { Delivery, Webhook, WebhookWithSecret } from "@drover/client";
import { WebhookEvent } from "@drover/contract";
import { type Command, Option } from "commander";
import { EXIT } from "../exit.js";
import { visible } from "../show.js";
import { type Context, print } from "./context.js";

interface JsonOption {
  readonly json?: boolean;
}

interface AddOptions extends JsonOption {
  readonly event?: WebhookEvent[];
  readonly description?: string;
}

/** Adds `drover webhooks …`, `drover deliveries` and `drover redeliver` to the program. */
export function addWebhooks(program: Command, context: () => Context, onCode: (code: number) => void): void {
  const json = (command: Command) => command.option("--json", "print JSON");
  const webhooks = program.command("webhooks").description("endpoints that are told how jobs end");
  const one = (name: string, description: string) =>
    webhooks.command(name).argument("<webhook>", "id of the endpoint").description(description);
  json(webhooks.command("list", { isDefault: true }).description("list them, disabled ones too")).action(
    async (options) => onCode(await listEndpoints(context(), options)),
  );
  json(webhooks.command("add").argument("<url>").description("register one; shows its secret, this once"))
    .addOption(new Option("-e, --event <event...>", "default: all").choices(WebhookEvent.options))
    .option("-d, --description <text>")
    .action(async (url, options) => onCode(await addEndpoint(context(), url, options)));
  json(one("rotate", "give it a new secret; the old one is valid for 24 hours more")).action(
    async (id, options) => onCode(await rotateSecret(context(), id, options)),
  );
  json(one("enable", "take it into use again")).action(async (id, options) =>
    onCode(await setEnabled(context(), id, { ...options, isEnabled: true })),
  );
  json(one("disable", "send it nothing until it is enabled")).action(async (id, options) =>
    onCode(await setEnabled(context(), id, { ...options, isEnabled: false })),
  );
  one("remove", "remove it").action(async (id) => onCode(await removeEndpoint(context(), id)));
  json(program.command("deliveries").argument("<job>").description("show who was told of a job")).action(
    async (jobId, options) => onCode(await listDeliveries(context(), jobId, options)),
  );
  json(
    program.command("redeliver").argument("<job>").argument("<delivery>").description("tell it again"),
  ).action(async (jobId, id, options) => onCode(await redeliver(context(), { jobId, id }, options)));
}

async function listEndpoints(context: Context, options: JsonOption): Promise<number> {
  const webhooks = await context.client.webhooks.list();
  print(context, options, webhooks, webhooks.map(describeEndpoint).join(""));
  return EXIT.ok;
}

async function addEndpoint(context: Context, url: string, options: AddOptions): Promise<number> {
  const { event: events, description } = options;
  const webhook = await context.client.webhooks.create({
    url,
    ...(events === undefined ? {} : { events }),
    ...(description === undefined ? {} : { description }),
  });
  return showSecret(context, options, webhook);
}

async function rotateSecret(context: Context, id: string, options: JsonOption): Promise<number> {
  return showSecret(context, options, await context.client.webhooks.rotate(id));
}

function showSecret(context: Context, options: JsonOption, webhook: WebhookWithSecret): number {
  const text = `${describeEndpoint(webhook)}  secret    ${webhook.secret} (shown this once)\n`;
  print(context, options, webhook, text);
  return EXIT.ok;
}

async function setEnabled(
  context: Context,
  id: string,
  options: JsonOption & { readonly isEnabled: boolean },
): Promise<number> {
  const webhook = await context.client.webhooks.change(id, { enabled: options.isEnabled });
  print(context, options, webhook, describeEndpoint(webhook));
  return EXIT.ok;
}

async function removeEndpoint(context: Context, id: string): Promise<number> {
  await context.client.webhooks.remove(id);
  return EXIT.ok;
}

async function listDeliveries(context: Context, jobId: string, options: JsonOption): Promise<number> {
  const deliveries = await context.client.webhooks.deliveries(jobId);
  print(context, options, deliveries, deliveries.map(describeDelivery).join(""));
  return EXIT.ok;
}

async function redeliver(
  context: Context,
  { jobId, id }: { readonly jobId: string; readonly id: string },
  options: JsonOption,
): Promise<number> {
  const delivery = await context.client.webhooks.redeliver(jobId, id);
  print(context, options, delivery, describeDelivery(delivery));
  return EXIT.ok;
}

function describeEndpoint(webhook: Webhook): string {
  const { id, url, description, events, disabled_at, disabled_reason, last_success_at } = webhook;
  const lines = [`${id}  ${url}`, `  events    ${events.join(", ")}`];
  if (description !== "") lines.push(`  for       ${description}`);
  if (last_success_at !== null) lines.push(`  arrived   ${last_success_at}`);
  if (disabled_at !== null) lines.push(`  disabled  ${disabled_at} (${disabled_reason})`);
  return `${lines.map(visible).join("\n")}\n`;
}

/** A line: id, event, status, attempts, what the last one met, and when the next is due. */
function describeDelivery(delivery: Delivery): string {
  const { id, event, status, attempts, url, last_attempt: last, next_attempt_at: next } = delivery;
  const met = last === null ? "" : ` ${last.status_code ?? ""} ${last.problem ?? ""}`.trimEnd();
  const due = next === null ? "" : `, next ${next}`;
  return `${visible(`${id}  ${event}  ${status}  ${url}  (${attempts} attempts${due})${met}`)}\n`;
}
