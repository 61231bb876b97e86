/**
 * What `npm start`, `npm run demo`, `npm test`, `dev`, `bench` and `chaos` call: makes sure of the
 * dependencies and the build, saying so in one line each, then does what was asked for. Plain JavaScript
 * without dependencies, so that it runs right after a clone.
 */
import { existsSync } from "node:fs";
import { root, say, stopUnlessNodeFits } from "./say.mjs";

/**
 * Whoever read the output is gone, as with `npm start | head`: nothing is left to say. `drover` minds it by
 * itself.
 */
const onOutputGone = ({ code }) => process.exit(code === "EPIPE" ? 0 : 1);
process.stdout.on("error", onOutputGone);

stopUnlessNodeFits();
const [command = "start", ...args] = process.argv.slice(2);

const COMMANDS = {
  start: () => drover("up"),
  demo: () => drover("demo"),
  dev: async () => (await import("./dev.mjs")).runDev(args),
  test: async () => (await import("./test.mjs")).runTests(args),
  bench: () => program("packages/e2e/bench/main.ts"),
  chaos: () => program("packages/e2e/chaos/main.ts"),
  mutate: () => program("packages/e2e/mutate/main.ts"),
};

/** Runs a command of the CLI in this process: a signal for it then has one receiver. */
async function drover(name) {
  process.argv = [process.argv[0], `${root}apps/cli/dist/main.js`, name, ...args];
  process.stdout.off("error", onOutputGone);
  await import(`${root}apps/cli/dist/main.js`);
}

/** Runs a TypeScript program of the repository in this process. */
async function program(path) {
  if (!existsSync(root + path)) throw new Error(`${path} does not exist.`);
  process.argv = [process.argv[0], root + path, ...args];
  const { register } = await import("tsx/esm/api");
  register();
  await import(root + path);
}

if (!Object.hasOwn(COMMANDS, command)) {
  say(`"${command}" is none of ${Object.keys(COMMANDS).join(", ")}.`);
  process.exit(2);
}
const { ensureBuild, ensureDependencies } = await import("./ensure.mjs");
ensureDependencies();
if (command !== "test") ensureBuild(); // the tests build as one of their suites
await COMMANDS[command]();
