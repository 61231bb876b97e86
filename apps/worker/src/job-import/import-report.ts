import type { Imported, ImportedFiles } from "./import-jobs.js";

/** Characters of a file's name that are shown. */
const SHOWN = 120;

/** Counts what became of job files, and puts it into words. */
export class ImportReport {
  readonly #counts: Record<Imported["kind"], number> = {
    ...{ imported: 0, updated: 0, present: 0, gone: 0, left_out: 0 },
  };

  /** How many files became what. */
  get counts(): Readonly<Record<Imported["kind"], number>> {
    return this.#counts;
  }

  /** Counts them, and returns the sentences that a person should read. */
  add({ name, answer, note }: ImportedFiles): readonly string[] {
    this.#counts[answer.kind] += 1;
    const shown = name.slice(0, SHOWN).replaceAll(/\p{Cc}/gu, "?");
    const told = answer.kind === "left_out" ? [`Left out ${shown}: ${answer.reason}`] : [];
    return note === undefined ? told : [...told, `In ${shown}, ${note}`];
  }

  /** All of it in a sentence. */
  get summary(): string {
    const { imported, updated, present, gone, left_out } = this.#counts;
    const parts = [
      `Imported ${imported} ${imported === 1 ? "job" : "jobs"}`,
      ...(updated === 0 ? [] : [`updated ${updated}`]),
      `${present} already there`,
      ...(gone === 0 ? [] : [`${gone} deleted or expired since`]),
      `${left_out} left out`,
    ];
    return `${parts.join(", ")}.`;
  }
}
