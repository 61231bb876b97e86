import { type Clock, DomainError, type Log, type QueueHealth, type QueuePorts } from "@drover/core";
import type { Installation } from "@drover/job-files";
import { errorFields } from "@drover/log";
import type { Repetition } from "../timers.js";
import { whenConnected } from "../upkeep/reconcile-once.js";
import { type ImportDeps, type Imported, type ImportedFiles, importFolder } from "./import-jobs.js";

/** A look at Redis and storage that is at most so old, in ms, answers for them. */
const RECENT_MS = 5_000;
/** Time to the next try after Redis or the store was away, in ms. */
const RETRY_MS = 2_000;
/** Characters of a file's name that are shown. */
const SHOWN = 120;
/** Files that are told of in the log, each in a line; the command tells of all. */
const TOLD = 100;

export interface ImportOnceDeps extends Omit<ImportDeps, "assertMayAdd" | "queue"> {
  readonly queue: ImportDeps["queue"] & Pick<QueuePorts, "catalogue">;
  readonly health: QueueHealth;
  readonly installation: Pick<Installation, "confirm">;
  readonly clock: Clock;
  /** Processors whose finished jobs are swept whether or not the catalogue knows them. */
  readonly processors: readonly string[];
}

export interface StartImportDeps extends ImportOnceDeps {
  readonly log: Log;
  /** For trouble that repeats. */
  readonly quietLog: Log;
}

/**
 * The command: imports the folder, and prints a line for each file that was left out and one with the counts.
 * @returns the exit code: 0 whatever was left out, 1 when there was not one job file.
 * @throws when Redis cannot be reached within 10 s, when it and the storage do not belong together, when the
 *   folder cannot be read, and `processor_not_found` for a processor that is not known, whose jobs would never
 *   expire.
 */
export async function importOnce(folder: string, deps: ImportOnceDeps): Promise<number> {
  await whenConnected(deps);
  await assertKnown(deps);
  const report = new ImportReport();
  await importFolder(folder, importDeps(deps), (files) => {
    for (const sentence of report.add(files)) process.stderr.write(`${sentence}\n`);
  });
  process.stdout.write(`${report.summary}\n`);
  const isEmpty = Object.values(report.counts).every((count) => count === 0);
  if (isEmpty)
    process.stderr.write("Expected <folder>/jobs/<job_id>.json or <folder>/jobs/<job_id>/events.log.\n");
  return isEmpty ? 1 : 0;
}

/**
 * Imports the folder beside all else that the process does, again and again until Redis and storage have let
 * it; a folder that cannot be read is told of and given up.
 */
export function startImport(folder: string, deps: StartImportDeps): Repetition {
  const stopping = new AbortController();
  const ended = importWhenPossible(folder, deps, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

async function importWhenPossible(folder: string, deps: StartImportDeps, signal: AbortSignal): Promise<void> {
  const { log, quietLog, clock } = deps;
  while (!signal.aborted) {
    const report = new ImportReport();
    let told = 0;
    try {
      await importFolder(folder, importDeps(deps, signal), (files) => {
        for (const sentence of report.add(files)) if (told++ < TOLD) log.warn(sentence);
      });
      log.info(report.summary, { folder, ...report.counts });
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof DomainError))
        return log.warn("The folder of DROVER_IMPORT cannot be read", { folder, error });
      quietLog.warn("Import put off; it is tried again", errorFields(error));
      await clock.sleep(RETRY_MS, signal).catch(() => {}); // stopped
    }
  }
}

function importDeps(deps: ImportOnceDeps, signal?: AbortSignal): ImportDeps {
  const assertMayAdd = async () => {
    signal?.throwIfAborted();
    await deps.installation.confirm(RECENT_MS);
  };
  return { ...deps, assertMayAdd };
}

/** A processor that no worker ever served has no sweeper. */
async function assertKnown({ queue, processor, processors }: ImportOnceDeps): Promise<void> {
  const { processors: served } = await queue.catalogue.read();
  const known = [...new Set([...processors, ...served.map(({ name }) => name)])];
  if (known.includes(processor)) return;
  throw new DomainError(
    "processor_not_found",
    `No worker has served the processor "${processor}", so its jobs would never expire. ` +
      `Known: ${known.join(", ")}. For another one, set DROVER_IMPORT_PROCESSOR here and for the workers.`,
  );
}

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
