/**
 * `npm run chaos -- [--seconds 60] [--seed 1] [--faults 20]`: the ledger test for as long as one likes. Exit
 * code 1 when a promise was broken. With `--recovery` it measures how soon requests are refused and jobs run
 * again: see recovery.ts.
 */
import { parseArgs } from "node:util";
import { runChaos } from "../src/chaos.js";
import { recoveryKept } from "./recovery.js";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    faults: { type: "string" },
    recovery: { type: "boolean", default: false },
  },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
const faults = Number(values.faults ?? Math.max(1, Math.round(seconds / 4)));
if (![seconds, seed, faults].every((n) => Number.isSafeInteger(n) && n >= 0) || seconds === 0) {
  console.error("usage: npm run chaos -- [--seconds N] [--seed N] [--faults N] [--recovery], whole numbers");
  process.exit(2);
}

if (values.recovery) {
  const isKept = await recoveryKept({ seed, faults: values.faults === undefined ? 40 : faults });
  process.exit(isKept ? 0 : 1);
}
console.log(`seed ${seed}: ${faults} faults in ${seconds} s; the same seed repeats them`);
const report = await runChaos({
  seed,
  seconds,
  faults,
  hasRealLease: true,
  print: (line) => console.log(line),
});
for (const complaint of report.complaints) console.log(`BROKEN  ${complaint}`);
const { submitted, accepted, completed, cancelled, restarted } = report;
console.log(
  `seed ${seed}: ${faults} faults, ${submitted} submitted, ${accepted} accepted, ${completed} completed, ${cancelled} cancelled, ${restarted} seen restarted`,
);
console.log(
  report.complaints.length === 0
    ? "every promise kept: 0 lost, 0 published twice, 0 files without owner"
    : `${report.complaints.length} promises broken`,
);
process.exitCode = report.complaints.length === 0 ? 0 : 1;
