/**
 * `npm run chaos -- --recovery [--faults 40] [--seed 1]`: how long requests wait for their 503 and running
 * jobs stand still. Exit code 1 when a 503 took over 2 s or a recovery over 15 s.
 */
import { measureRecovery } from "../src/recovery-times.js";

const REFUSAL_MS = 2_000;
const RECOVERY_MS = 15_000;

/** Measures, prints, and answers whether both promises were kept. */
export async function recoveryKept(options: {
  readonly seed: number;
  readonly faults: number;
}): Promise<boolean> {
  const report = await measureRecovery({ ...options, print: (line) => console.log(line) });
  const { refusalsMs, recoveriesMs, complaints } = report;
  for (const complaint of complaints.slice(0, 50)) console.log(`BROKEN  ${complaint}`);
  console.log(`${refusalsMs.length} answers 503: ${spread(refusalsMs)}; promised within ${REFUSAL_MS} ms`);
  console.log(
    `${recoveriesMs.length} recoveries: ${spread(recoveriesMs)}; promised within ${RECOVERY_MS} ms`,
  );
  const isKept = Math.max(0, ...refusalsMs) <= REFUSAL_MS && Math.max(0, ...recoveriesMs) <= RECOVERY_MS;
  return isKept && complaints.length === 0;
}

function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  return `median ${at(0.5)} ms, p95 ${at(0.95)} ms, worst ${at(1)} ms`;
}
