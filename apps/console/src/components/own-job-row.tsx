import { Link } from "@tanstack/react-router";
import { formatMoment } from "../i18n/formats.js";
import { useLanguage } from "../i18n/language.js";
import { processorTitle } from "../jobs/processor-title.js";
import styles from "./own-job-row.module.css";
import { StatusBadge } from "./status-badge.js";

/** What a list shows of a job. */
export interface RowJob {
  readonly jobId: string;
  readonly processor: string;
  readonly filename: string;
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly status: string;
  /** Percent. */
  readonly progress?: number;
}

/** A job in a list, as a link to its page. */
export function OwnJobRow({ job }: { readonly job: RowJob }) {
  const { code } = useLanguage();
  const { jobId, filename, processor, createdAt, status, progress } = job;
  return (
    <Link to="/my-jobs/$jobId" params={{ jobId }} className={styles["row"]}>
      <span className={styles["what"]}>
        <span className={styles["name"]}>{filename}</span>
        <span className={styles["detail"]}>
          {processorTitle(processor)} · {formatMoment(createdAt, code)}
        </span>
      </span>
      {status === "running" && progress !== undefined && (
        <span className={styles["percent"]}>{Math.floor(progress)} %</span>
      )}
      <StatusBadge status={status} />
    </Link>
  );
}
