import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { type ImportDeps, type ImportedFiles, importFolder } from "../src/job-import/import-jobs.js";
import { SweepBench } from "./sweep-bench.js";

/** What a server wrote for a job of the id. */
export function recordOf(job_id: string, change: Readonly<Record<string, unknown>> = {}) {
  return {
    job_id,
    status: "completed",
    created_at: "2024-03-01T10:00:00.000Z",
    updated_at: "2024-03-01T10:05:00.250Z",
    progress: 100,
    result: { suggestions: [{ id: "s1", text: "Shorter." }] },
    ...change,
  };
}

/** A folder of job files beside a queue, a store and their sweeper. */
export class ImportBench {
  readonly sweeps: SweepBench;
  readonly folder: string;

  /** For one test or its `beforeEach`. */
  static async start(): Promise<ImportBench> {
    const folder = await mkdtemp(join(tmpdir(), "drover-import-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await mkdir(join(folder, "jobs"));
    return new ImportBench(await SweepBench.start(), folder);
  }

  private constructor(sweeps: SweepBench, folder: string) {
    this.sweeps = sweeps;
    this.folder = folder;
  }

  /** Writes a file below `jobs/`: a text, or a value as JSON. */
  async write(name: string, content: unknown): Promise<void> {
    const path = join(this.folder, "jobs", name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  }

  deps(change: Partial<ImportDeps> = {}): ImportDeps {
    const { queue, clock, blobs } = this.sweeps.deps();
    const now = () => clock.now();
    return {
      queue: { ...queue, clock: { now } },
      blobs,
      processor: "p",
      tenant: "default",
      assertMayAdd: async () => {},
      ...change,
    };
  }

  /** Imports the folder, and returns what became of each of its files, by name. */
  async import(change: Partial<ImportDeps> = {}): Promise<Record<string, ImportedFiles["answer"]>> {
    const found: Record<string, ImportedFiles["answer"]> = {};
    await importFolder(this.folder, this.deps(change), ({ name, answer }) => {
      found[name] = answer;
    });
    return found;
  }
}
