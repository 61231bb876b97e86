import { fileURLToPath } from "node:url";

/** Path of the Moodle log that comes with Drover. */
export const SAMPLE = fileURLToPath(
  import.meta.resolve("@drover/processor-moodle-log/sample/moodle-log.csv"),
);
