import { Link } from "@tanstack/react-router";
import { useListedJob } from "../api/job-queries.js";
import { useMessages } from "../i18n/language.js";
import type { OwnJob } from "../jobs/job-history.js";
import { isTerminalStatus } from "../jobs/job-status.js";
import { useOwnJobs } from "../jobs/own-jobs.js";
import { OwnJobRow } from "./own-job-row.js";
import rows from "./own-job-row.module.css";
import styles from "./recent-jobs.module.css";

const SHOWN = 3;

/** The newest jobs of this browser; nothing where there are none. */
export function RecentJobs() {
  const { home } = useMessages();
  const jobs = useOwnJobs();
  if (jobs.length === 0) return null;
  return (
    <section aria-labelledby="recent">
      <div className={styles["head"]}>
        <h2 className={styles["title"]} id="recent">
          {home.recent}
        </h2>
        {jobs.length > SHOWN && <Link to="/my-jobs">{home.all}</Link>}
      </div>
      <ul className={`${rows["rows"]} card`}>
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
