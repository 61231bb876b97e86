import { expect, it } from "vitest";
import { runChaos } from "../src/chaos.js";

const KILLS = 10;

it("F6: Redis killed ten times under load loses no accepted job, and nobody restarts anything else", {
  timeout: 300_000,
}, async () => {
  const struck: string[] = [];
  const report = await runChaos({
    ...{ seed: 6, seconds: 24, faults: KILLS, kinds: ["kill Redis"] },
    print: (line) => struck.push(line),
  });
  expect(report.complaints).toEqual([]);
  expect(struck).toHaveLength(KILLS);
  expect(report.completed).toBeGreaterThan(0); // how many depends on the machine
});
