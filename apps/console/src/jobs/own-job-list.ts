/** A job that was submitted with this browser. */
export interface OwnJob {
  readonly jobId: string;
  readonly processor: string;
  readonly filename: string;
  readonly sizeBytes: number;
  /** ms since the epoch. */
  readonly createdAt: number;
  /** As it was last seen here. */
  readonly status: string;
}

const STORED = "drover.jobs";
/** So many are remembered. */
const MAX_KEPT = 200;

type Listener = () => void;

/**
 * The jobs of this browser, newest first, which is all that is known of them where nobody has an account. Kept
 * in the browser, shared by its tabs.
 */
export class JobHistory {
  readonly #storage: Pick<Storage, "getItem" | "setItem">;
  readonly #listeners = new Set<Listener>();
  #jobs: readonly OwnJob[] | undefined;

  constructor(storage: Pick<Storage, "getItem" | "setItem">) {
    this.#storage = storage;
  }

  get jobs(): readonly OwnJob[] {
    this.#jobs ??= parseJobs(this.#storage.getItem(STORED));
    return this.#jobs;
  }

  add(job: OwnJob): void {
    this.#write([job, ...this.jobs.filter(({ jobId }) => jobId !== job.jobId)]);
  }

  /** Notes how a job stands now, if it is one of these. */
  note(jobId: string, status: string): void {
    const jobs = this.jobs;
    if (jobs.some((job) => job.jobId === jobId && job.status !== status))
      this.#write(jobs.map((job) => (job.jobId === jobId ? { ...job, status } : job)));
  }

  remove(jobId: string): void {
    this.#write(this.jobs.filter((job) => job.jobId !== jobId));
  }

  /** Calls the listener after each change, of another tab too once `forget` was told of it. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** To be called when another tab has changed what is stored. */
  forget(): void {
    this.#jobs = undefined;
    this.#tell();
  }

  #write(jobs: readonly OwnJob[]): void {
    this.#jobs = jobs.slice(0, MAX_KEPT);
    try {
      this.#storage.setItem(STORED, JSON.stringify(this.#jobs));
    } catch {
      // Storage may be full or off: the list then lives as long as the page.
    }
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function parseJobs(text: string | null): readonly OwnJob[] {
  try {
    const value: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(value) ? value.filter(isOwnJob) : [];
  } catch {
    return []; // somebody else wrote it
  }
}

function isOwnJob(value: unknown): value is OwnJob {
  if (typeof value !== "object" || value === null) return false;
  const job = value as Readonly<Record<string, unknown>>;
  const texts = [job["jobId"], job["processor"], job["filename"], job["status"]];
  const numbers = [job["sizeBytes"], job["createdAt"]];
  return texts.every((each) => typeof each === "string") && numbers.every((each) => Number.isFinite(each));
}
