import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const ROWS = new URL("./rows/", import.meta.url);

const mutation = z.strictObject({
  /** The promise or mechanism that is broken. */
  what: z.string().min(10),
  /** Path in the repository. */
  file: z.string(),
  /** Exact text, once in the file. */
  find: z.string().min(1),
  replace: z.string(),
  project: z.enum(["unit", "e2e"]),
  /** Path of the test file. */
  test: z.string(),
  /** Part of the title of the test that has to turn red. */
  title: z.string().min(1),
});

/** One way to break the code, and the test that has to see it. */
export type Mutation = z.infer<typeof mutation>;

/**
 * Every row of `rows/`.
 * @throws where a file there is not in order.
 */
export function readMutations(): readonly Mutation[] {
  return readdirSync(ROWS)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .flatMap((name) => z.array(mutation).parse(JSON.parse(readFileSync(new URL(name, ROWS), "utf8"))));
}

/** Why the row cannot be run on the repository as it is, or `undefined`. */
export function troubleOf({ file, find, test }: Mutation): string | undefined {
  if (!existsSync(join(ROOT, file))) return `${file} does not exist`;
  const count = readFileSync(join(ROOT, file), "utf8").split(find).length - 1;
  if (count !== 1) return `the text to find is in ${file} ${count} times`;
  if (!existsSync(join(ROOT, test))) return `${test} does not exist`;
  return undefined;
}
