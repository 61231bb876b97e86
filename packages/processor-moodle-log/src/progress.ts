/** The stages of a run, in order, and the share of the time that each takes, as measured on a million events. */
const STAGES = [
  ["detect", 3],
  ["load", 20],
  ["classify", 4],
  ["export_csv", 38],
  ["export_xes", 32],
  ["pack", 3],
] as const;
export type Stage = (typeof STAGES)[number][0];

/** Says how far a stage is: `done` of `total`, in whatever unit the stage counts. */
export type StageProgress = (done: number, total: number, message?: string) => void;

/** Turns the progress of stages into percent of the whole. */
export function stageProgress(
  stage: Stage,
  report: (percent: number, options: { readonly stage: string; readonly message?: string }) => void,
): StageProgress {
  const index = STAGES.findIndex(([name]) => name === stage);
  const before = STAGES.slice(0, index).reduce((sum, [, share]) => sum + share, 0);
  const share = STAGES[index]?.[1] ?? 0;
  return (done, total, message) => {
    const part = total > 0 ? Math.min(1, done / total) : 1;
    report(before + share * part, message === undefined ? { stage } : { stage, message });
  };
}
