/**
 * Returns how large a fault is in this run: `quick` in `npm test`, `full` when `npm run test:full` sets
 * DROVER_TEST_SIZE. The full size is the one that docs/guarantees.md speaks of.
 */
export function sized(quick: number, full: number): number {
  return process.env["DROVER_TEST_SIZE"] === "full" ? full : quick;
}
