/**
 * The stages of a run, in order, and the parts of the time that each takes, as measured on a million events.
 */
const STAGES = [
  ["detect", 3],
  ["load", 22],
  ["classify", 5],
  ["export_csv", 33],
  ["export_xes", 33],
  ["export_parquet", 100],
  ["export_ocel", 100],
  ["report", 4],
] as const;
export type Stage = (typeof STAGES)[number][0];

/** Says how far a stage is: `done` of `total`, in whatever unit the stage counts. */
export type StageProgress = (done: number, total: number, message?: string) => void;

type Report = (percent: number, options: { readonly stage: string; readonly message?: string }) => void;

const HEARTBEAT_MS = 500;

/**
 * Turns the progress of stages into percent of the whole, and repeats the latest while a stage has nothing to
 * say, so that there is an update each second. Begins when made; `stop` ends it.
 */
export class RunProgress {
  readonly #report: Report;
  readonly #stages: readonly (typeof STAGES)[number][];
  readonly #whole: number;
  readonly #heartbeat: NodeJS.Timeout;
  #latest: () => void = () => {};

  /** @param options.isWanted whether the run has a stage. */
  constructor(report: Report, options: { readonly isWanted: (stage: Stage) => boolean }) {
    this.#report = report;
    this.#stages = STAGES.filter(([stage]) => options.isWanted(stage));
    this.#whole = this.#stages.reduce((sum, [, part]) => sum + part, 0);
    this.#heartbeat = setInterval(() => this.#latest(), HEARTBEAT_MS);
  }

  stage(stage: Stage): StageProgress {
    const index = this.#stages.findIndex(([name]) => name === stage);
    const percentOf = (part: number) => (100 * part) / this.#whole;
    const before = percentOf(this.#stages.slice(0, index).reduce((sum, [, part]) => sum + part, 0));
    const share = percentOf(this.#stages[index]?.[1] ?? 0);
    return (done, total, message) => {
      const percent = before + share * (total > 0 ? Math.min(1, done / total) : 1);
      this.#latest = () => this.#report(percent, message === undefined ? { stage } : { stage, message });
      this.#latest();
    };
  }

  stop(): void {
    clearInterval(this.#heartbeat);
  }
}
