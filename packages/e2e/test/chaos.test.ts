import { expect, it } from "vitest";
import { runChaos } from "../src/chaos.js";
import { sized } from "../src/system.js";

/** `npm run chaos` runs the same for as long as one likes. */
it("every promise is kept while faults of every kind strike", { timeout: 300_000 }, async () => {
  const struck: string[] = [];
  const report = await runChaos({
    ...{ seed: 7, seconds: 16, faults: 8, clients: sized(2, 4) },
    print: (line) => struck.push(line),
  });
  expect(report.complaints).toEqual([]);
  expect(struck).toHaveLength(8);
  expect(report.completed).toBeGreaterThan(20);
});
