import { expect, it } from "vitest";
import { runChaos } from "../src/chaos.js";

/** `npm run chaos` runs the same for as long as one likes. */
it("every promise is kept while faults of every kind strike", { timeout: 300_000 }, async () => {
  const struck: string[] = [];
  const report = await runChaos({ seed: 7, seconds: 20, faults: 8, print: (line) => struck.push(line) });
  expect(report.complaints).toEqual([]);
  expect(struck).toHaveLength(8);
  expect(report.completed).toBeGreaterThan(20);
});
