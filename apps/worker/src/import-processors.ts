import { fileURLToPath } from "node:url";

/**
 * What a processor module exports as its default: one processor, or a list of them. A `.yaml` file is that of
 * the processor which it defines; what reads it is loaded then and not before.
 * @throws what the module throws, and `CommandFileError`.
 */
export async function importProcessors(moduleUrl: string): Promise<unknown> {
  if (/\.ya?ml$/i.test(moduleUrl)) {
    const { readCommandFile } = await import("./command-file.js");
    return readCommandFile(fileURLToPath(moduleUrl));
  }
  return ((await import(moduleUrl)) as { default?: unknown }).default;
}
