/**
 * Prints the table of settings and core's catalogue of errors into the README, between their markers, the
 * settings into .env.example, and the metrics into docs/operations.md. Without `--write` it changes nothing,
 * names what differs and ends with 1. Needs a build.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { ERRORS } from "../packages/core/dist/index.js";
import { API_FAMILIES, SHARED_FAMILIES, WORKER_FAMILIES } from "../packages/metrics/dist/index.js";
import { describeSettings } from "../packages/settings/dist/index.js";
import { root, say } from "./say.mjs";

const READERS = { api: "api", worker: "worker", both: "api, worker" };
const README = `${root}README.md`;
const OPERATIONS = `${root}docs/operations.md`;
const ENV_EXAMPLE = `${root}.env.example`;

const files = [
  { path: README, text: withTables(read(README), { settings: settingsTable(), errors: errorsTable() }) },
  { path: ENV_EXAMPLE, text: envExample() },
  { path: OPERATIONS, text: withTables(read(OPERATIONS), { metrics: metricsTable() }) },
];
const stale = files.filter(({ path, text }) => read(path) !== text);
if (process.argv.includes("--write")) {
  for (const { path, text } of stale) writeFileSync(path, text);
} else if (stale.length > 0) {
  const names = stale.map(({ path }) => path).join(", ");
  say(`not as the code has it: ${names}; run: node scripts/print-tables.mjs --write`);
  process.exitCode = 1;
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return "";
    throw error;
  }
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. */
function withTables(text, tables) {
  return Object.entries(tables).reduce((result, [name, table]) => {
    const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const from = result.indexOf(start);
    const to = result.indexOf(end);
    if (from < 0 || to < from) throw new Error(`There is no ${start} … ${end}.`);
    return `${result.slice(0, from + start.length)}\n${table}\n${result.slice(to)}`;
  }, text);
}

function settingsTable() {
  const rows = describeSettings().map(({ name, default: value, reader, help }) =>
    row([code(name), code(value), READERS[reader], help]),
  );
  return [row(["variable", "default", "read by", "what"]), row(["---", "---", "---", "---"]), ...rows].join(
    "\n",
  );
}

function errorsTable() {
  const rows = Object.entries(ERRORS).map(([name, { status, title }]) =>
    row([`\`${name}\``, String(status), title]),
  );
  return [row(["code", "status", "title"]), row(["---", "---", "---"]), ...rows].join("\n");
}

function metricsTable() {
  const tables = { api: API_FAMILIES, worker: WORKER_FAMILIES, "api, worker": SHARED_FAMILIES };
  const rows = Object.entries(tables).flatMap(([shownBy, families]) =>
    Object.entries(families).map(([name, { type, labels, help }]) =>
      row([code(name), type, labels.map(code).join(", "), shownBy, `${help}.`]),
    ),
  );
  const head = ["metric", "type", "labels", "shown by", "what"];
  return [row(head), row(head.map(() => "---")), ...rows].join("\n");
}

function envExample() {
  const head = [
    "# Every setting with its default; a line takes effect when its # is removed. " +
      "docker compose reads .env by itself;",
    "# for other processes: node --env-file=.env apps/api/dist/main.js",
  ];
  const entries = describeSettings().map(({ name, default: value, reader, help }) => [
    `# ${help.replaceAll("`", "")}`,
    `# Read by: ${READERS[reader]}.`,
    `#${name}=${value}`,
  ]);
  return [head, ...entries].map((lines) => `${lines.join("\n")}\n`).join("\n");
}

function row(cells) {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function code(text) {
  return text === "" ? "" : `\`${text}\``;
}
