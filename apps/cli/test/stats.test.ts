import { expect, it } from "vitest";
import { describeStats } from "../src/commands/stats.js";
import { workerPort } from "../src/up/up-settings.js";

const NONE = {
  ...{ completed: 0, failed: 0, cancelled: 0, success_rate: null, failures: {} },
  ...{ wait_ms: null, run_ms: null },
};
const BUSY = {
  ...{ completed: 9, failed: 1, cancelled: 2, success_rate: 0.9, failures: { timeout: 1 } },
  wait_ms: { mean: 20, p50: 12, p95: 4_200, p99: 5_000 },
  run_ms: { mean: 90_000, p50: 75_000, p95: 7_200_000, p99: 7_300_000 },
};

it("statistics are a table with a line for each processor and one for all, and say why jobs failed", () => {
  const [from, to] = ["2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"];
  const processors = [
    { processor: "busy", ...BUSY },
    { processor: "quiet", ...NONE },
  ];
  expect(describeStats({ window: "24h", from, to, total: BUSY, processors })).toBe(
    [
      `From ${from} to ${to}`,
      "processor  completed  failed  cancelled  success  wait p50/p95   run p50/p95",
      "busy       9          1       2          90.0 %   12 ms / 4.2 s  1.3 min / 2.0 h",
      "quiet      0          0       0          -        -              -",
      "all        9          1       2          90.0 %   12 ms / 4.2 s  1.3 min / 2.0 h",
      "failed: 1 timeout",
      "",
    ].join("\n"),
  );
});

it("each worker of `drover up` has a port of its own, where one is set", () => {
  expect([0, 1, 2].map((index) => workerPort("8001", index)["DROVER_WORKER_PORT"])).toEqual([
    ...["8001", "8002", "8003"],
  ]);
  for (const set of [undefined, "-1", "0", "http"]) expect(workerPort(set, 1)).toEqual({});
});
