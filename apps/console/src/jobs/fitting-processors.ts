import type { Processor } from "@drover/client";

type Accepting = Pick<Processor, "name" | "accepts">;
type NamedFile = Pick<File, "name" | "type">;

/** Whether the processor takes any file whatsoever. */
export function takesAnything({ accepts }: Accepting): boolean {
  return accepts.extensions.length === 0 && accepts.media_types.length === 0;
}

/** Whether the processor says that it takes such a file, by the ending of its name or its media type. */
export function accepts(processor: Accepting, { name, type }: NamedFile): boolean {
  if (takesAnything(processor)) return true;
  const { extensions, media_types } = processor.accepts;
  const lower = name.toLowerCase();
  return extensions.some((ending) => lower.endsWith(ending)) || media_types.includes(type);
}

/**
 * The processors that take all of the files, those first that say most exactly what they take: by the place of
 * the files' ending in their list, and last those that take anything.
 */
export function fittingProcessors<P extends Accepting>(
  processors: readonly P[],
  files: readonly NamedFile[],
): readonly P[] {
  const place = (processor: P): number => {
    if (takesAnything(processor)) return Number.POSITIVE_INFINITY;
    const name = files[0]?.name.toLowerCase() ?? "";
    const index = processor.accepts.extensions.findIndex((ending) => name.endsWith(ending));
    return index === -1 ? processor.accepts.extensions.length : index;
  };
  return processors
    .filter((processor) => files.every((file) => accepts(processor, file)))
    .sort((a, b) => Math.min(place(a), 1e6) - Math.min(place(b), 1e6));
}

/** The name of a processor as a title: `moodle-log` is "Moodle log". */
export function processorTitle(name: string): string {
  const words = name.replaceAll(/[-_.]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
