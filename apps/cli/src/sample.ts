import { fileURLToPath } from "node:url";

/** Path of the Moodle log that comes with Drover. */
export const SAMPLE = fileURLToPath(
  new URL("../../../processors/moodle-log/sample/moodle-log.csv", import.meta.url),
);
