import { describe, expect, it } from "vitest";
import { type ChaosOptions, runChaos } from "../src/chaos.js";

/** `npm run chaos` runs the same for as long as one likes. */
async function chaos(options: Omit<ChaosOptions, "print">) {
  const struck: string[] = [];
  const report = await runChaos({ ...options, print: (line) => struck.push(line) });
  return { ...report, struck };
}

describe("the ledger test", { timeout: 300_000 }, () => {
  it("every promise is kept while faults of every kind strike", async () => {
    const report = await chaos({ seed: 7, seconds: 20, faults: 8 });
    expect(report.complaints).toEqual([]);
    expect(report.struck).toHaveLength(8);
    expect(report.completed).toBeGreaterThan(20);
  });

  it("F6: Redis killed ten times under load loses no accepted job, and nobody restarts anything else", async () => {
    const report = await chaos({ seed: 6, seconds: 24, faults: 10, kinds: ["kill Redis"] });
    expect(report.complaints).toEqual([]);
    expect(report.completed).toBeGreaterThan(20);
  });
});
