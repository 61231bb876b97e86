/**
 * The stages of a run, in order, and the share of the time that each takes, as measured on a million events.
 */
const STAGES = [
  ["detect", 3],
  ["load", 22],
  ["classify", 5],
  ["export_csv", 33],
  ["export_xes", 33],
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
  readonly #heartbeat: NodeJS.Timeout;
  #latest: () => void = () => {};

  constructor(report: Report) {
    this.#report = report;
    this.#heartbeat = setInterval(() => this.#latest(), HEARTBEAT_MS);
  }

  stage(stage: Stage): StageProgress {
    const index = STAGES.findIndex(([name]) => name === stage);
    const before = STAGES.slice(0, index).reduce((sum, [, share]) => sum + share, 0);
    const share = STAGES[index]?.[1] ?? 0;
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
