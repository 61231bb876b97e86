import { defineProcessor } from "@drover/processor-sdk";
import { paramsSchema } from "./params.js";
import { PROCESSOR_NAME, PROCESSOR_VERSION, runMoodleLog } from "./run.js";

/**
 * Turns an activity log that Moodle exported into event logs for learning analytics and process mining. See
 * docs/moodle-log.md.
 */
export const moodleLog = defineProcessor({
  name: PROCESSOR_NAME,
  version: PROCESSOR_VERSION,
  description:
    "Turns a Moodle activity log (the Logs report as CSV, Excel, ODS, JSON or HTML) into event logs, CSV and XES, " +
    "classified by Bloom's taxonomy, with tables and a report of its students and activities.",
  accepts: {
    extensions: [".csv", ".txt", ".tsv", ".xlsx", ".ods", ".json", ".html", ".htm", ".zip"],
    mediaTypes: [
      "text/csv",
      "text/plain",
      "text/tab-separated-values",
      "application/csv",
      "application/vnd.ms-excel",
      "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
      "application/vnd.oasis.opendocument.spreadsheet",
      "application/json",
      "text/html",
      "application/zip",
      "application/x-zip-compressed",
    ],
  },
  limits: {
    timeoutMs: 30 * 60_000,
    maxRssBytes: 1536 * 1024 ** 2,
    maxInputBytes: 4 * 1024 ** 3,
    maxAttempts: 3,
  },
  params: paramsSchema,
  run: runMoodleLog,
});

export default moodleLog;
