import { Link } from "@tanstack/react-router";
import { useListedJob } from "../api/job-queries.js";
import { formatMoment } from "../i18n/formats.js";
import { useLanguage, useMessages } from "../i18n/language.js";
import { processorTitle } from "../jobs/fitting-processors.js";
import { isTerminalStatus } from "../jobs/job-status.js";
import type { OwnJob } from "../jobs/own-job-list.js";
import { useOwnJobs } from "../jobs/own-jobs.js";
import styles from "./own-job-rows.module.css";
import badges from "./status-badge.module.css";

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
  const { locale } = useLanguage();
  const { jobId, filename, processor, createdAt, status, progress } = job;
  return (
    <Link to="/my-jobs/$jobId" params={{ jobId }} className={styles["row"]}>
      <span className={styles["what"]}>
        <span className={styles["name"]}>{filename}</span>
        <span className={styles["detail"]}>
          {processorTitle(processor)} · {formatMoment(createdAt, locale)}
        </span>
      </span>
      {status === "running" && progress !== undefined && (
        <span className={styles["percent"]}>{Math.floor(progress)} %</span>
      )}
      <StatusBadge status={status} />
    </Link>
  );
}

const SHOWN = 3;

/** The newest jobs of this browser; nothing where there are none. */
export function RecentJobs() {
  const { home } = useMessages();
  const jobs = useOwnJobs();
  if (jobs.length === 0) return null;
  return (
    <section aria-labelledby="recent">
      <div className="section-head">
        <h2 className={styles["title"]} id="recent">
          {home.recent}
        </h2>
        {jobs.length > SHOWN && <Link to="/my-jobs">{home.all}</Link>}
      </div>
      <ul className={`${styles["rows"]} card`}>
        {jobs.slice(0, SHOWN).map((job) => (
          <li key={job.jobId}>
            <FollowedRow job={job} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A job of this browser's list, whose state is read while it has not ended. */
export function FollowedRow({ job }: { readonly job: OwnJob }) {
  const now = useListedJob(job.jobId, !isTerminalStatus(job.status));
  return <OwnJobRow job={now === undefined ? job : { ...job, status: now.status, progress: now.progress }} />;
}

/** A job's status as a word with a colour; a status that this version does not know is shown as it is. */
export function StatusBadge({ status }: { readonly status: string }) {
  const { job } = useMessages();
  return (
    <span className={badges["badge"]} data-status={status}>
      {job.status[status] ?? status}
    </span>
  );
}
