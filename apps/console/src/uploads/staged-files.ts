import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
let staged: readonly File[] = [];

function replace(files: readonly File[]): void {
  staged = files;
  for (const listener of listeners) listener();
}

/** Files that were chosen and not started; they stay when another processor is looked at. */
export const stagedFiles = {
  /** Adds files; one that is there already, by name, size and time, is not added again. */
  add(files: readonly File[]): void {
    const isThere = (file: File) => staged.some((each) => identityOf(each) === identityOf(file));
    replace([...staged, ...files.filter((file) => !isThere(file))]);
  },
  remove(file: File): void {
    replace(staged.filter((each) => each !== file));
  },
  clear(): void {
    replace([]);
  },
};

function identityOf({ name, size, lastModified }: File): string {
  return `${lastModified} ${size} ${name}`;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The files, in the order in which they were chosen. */
export function useStagedFiles(): readonly File[] {
  return useSyncExternalStore(subscribe, () => staged);
}
