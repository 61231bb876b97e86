import { expect, it } from "vitest";
import { runChaos } from "../src/chaos.js";
import { ONLY_IN_FULL, sized } from "../src/system.js";

const KILLS = sized(2, 10);

it.skipIf(ONLY_IN_FULL !== "")(
  `F6: Redis killed again and again under load loses no accepted job, and nobody restarts anything else${ONLY_IN_FULL}`,
  {
    timeout: 300_000,
  },
  async () => {
    const struck: string[] = [];
    const report = await runChaos({
      ...{ seed: 6, seconds: 2.4 * KILLS, faults: KILLS, kinds: ["kill Redis"], clients: sized(2, 4) },
      print: (line) => struck.push(line),
    });
    expect(report.complaints).toEqual([]);
    expect(struck).toHaveLength(KILLS);
    expect(report.completed).toBeGreaterThan(0); // how many depends on the machine
  },
);
