import type { Job } from "@drover/client";
import { useMessages } from "../i18n/language.js";
import styles from "./state-mark.module.css";

/** A job's state in a table: a coloured dot, its word, and how far it is or why it failed. */
export function StateMark({ job }: { readonly job: Pick<Job, "status" | "progress" | "error"> }) {
  const words = useMessages().job;
  const { status, progress, error } = job;
  return (
    <span className={styles["state"]} data-status={status}>
      <span className={styles["word"]}>{words.status[status] ?? status}</span>
      {status === "running" && (
        <span className={styles["progress"]}>
          <progress className={styles["bar"]} max={100} value={progress} aria-label={words.progressLabel} />
          <span className={styles["percent"]}>{Math.floor(progress)} %</span>
        </span>
      )}
      {error !== null && (
        <code className={styles["code"]} title={error.message}>
          {error.code}
        </code>
      )}
    </span>
  );
}
