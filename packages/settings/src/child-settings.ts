import { z } from "zod";
import { ABOUT } from "./about-setting.js";
import { type Entry, integer, list } from "./value-kinds.js";

const VARIABLES: Entry = {
  accepts: (text) => /^[a-z_][a-z0-9_]*\*?$/i.test(text) && !/^(DROVER_|REDIS_URL$)/.test(text),
  expected: "names of variables, as HTTPS_PROXY or TESSDATA_*, none of Drover's own",
};

/** The processes that run processors. */
export const childSettings = {
  DROVER_CHILD_MAX_ATTEMPTS: integer({ min: 1, max: 1_000_000 }).default(10_000).register(ABOUT, {
    reader: "worker",
    help: "Attempts that one child process runs before it is replaced.",
  }),
  DROVER_CHILD_USER: z
    .string()
    .regex(
      /^([a-z_][a-z0-9_.-]*|\d{1,9}(-\d{1,9})?:\d{1,9})$/i,
      "expected a user's name, uid:gid, or first-last:gid, as 64001-64032:64001.",
    )
    .optional()
    .register(ABOUT, {
      reader: "worker",
      help:
        "User that processors run as, by name or as `uid:gid`, or a user for each child process, as " +
        "`64001-64032:64001`; the worker has to be root, on Linux. Default: the worker's own. See `docs/security.md`.",
    }),
  DROVER_CHILD_ENV: list(VARIABLES)
    .default([])
    .register(ABOUT, {
      reader: "worker",
      help:
        "Variables that child processes get as the worker has them, separated by commas, as `HTTPS_PROXY` or " +
        "`TESSDATA_*`, beside PATH, LANG and the like.",
    }),
};
