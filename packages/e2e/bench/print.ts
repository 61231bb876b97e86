/** Prints one line of a benchmark: what, how much, and how that compares. */
export type Print = (what: string, value: string, comparison?: string) => void;

export const printLine: Print = (what, value, comparison = "") =>
  console.log(`${what.padEnd(48)} ${value.padStart(24)}  ${comparison}`);

/** How a number compares with its baseline, as text. */
export function ratio(own: number, baseline: number, than = "of bare"): string {
  return `${(own / baseline).toFixed(2)} × ${than}`;
}
