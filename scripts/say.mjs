import { fileURLToPath } from "node:url";

/** The repository's folder, with a slash at its end. */
export const root = fileURLToPath(new URL("../", import.meta.url));

/** One line about what the scripts do, apart from what they print on behalf of others. */
export function say(line) {
  process.stdout.write(`drover: ${line}\n`);
}

/** Ends the process with a clear message on a Node that is too old. */
export function stopUnlessNodeFits() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  say(
    `needs Node 20.19 or newer; this is ${process.versions.node}. Node 24 is recommended: https://nodejs.org`,
  );
  process.exit(1);
}
