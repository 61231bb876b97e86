import type { Job } from "@drover/client";
import { Link, useParams } from "@tanstack/react-router";
import { isGone, useLiveJob } from "../api/job-queries.js";
import { useCaller } from "../api/use-caller.js";
import { JobDetails } from "../components/job-details.js";
import { JobFailure, JobResult } from "../components/job-outcome.js";
import { JobProgress } from "../components/job-progress.js";
import { Notice, ProblemNote } from "../components/notice.js";
import { StatusBadge } from "../components/own-job-rows.js";
import { usePageTitle } from "../components/page-title.js";
import { RunAgain } from "../components/run-again.js";
import { formatSize } from "../i18n/formats.js";
import { useLanguage, useMessages } from "../i18n/language.js";
import { processorTitle } from "../jobs/fitting-processors.js";
import styles from "./my-job-page.module.css";

/** One job, for the person who sent it: how it goes, and what came of it. */
export function MyJobPage() {
  const { jobId } = useParams({ from: "/my-jobs/$jobId" });
  const { data: job, error } = useLiveJob(jobId);
  const { job: words } = useMessages();
  if (job !== undefined) return <JobView job={job} key={jobId} />;
  if (error === null) return null;
  if (!isGone(error)) return <ProblemNote error={error} />;
  return (
    <Notice icon="search" title={words.expired} text={words.expiredText}>
      <Link to="/">{words.another}</Link>
    </Notice>
  );
}

function JobView({ job }: { readonly job: Job }) {
  const { locale, messages } = useLanguage();
  const caller = useCaller();
  usePageTitle(job.input.filename);
  const maySubmit = caller.kind === "known" && caller.maySubmit;
  return (
    <div className={styles["page"]}>
      <header>
        <p className={styles["kind"]}>
          {processorTitle(job.processor)} · {formatSize(job.input.size_bytes, locale)}
        </p>
        <div className={styles["head"]}>
          <h1 className={styles["title"]}>{job.input.filename}</h1>
          <StatusBadge status={job.status} />
        </div>
      </header>
      <JobBody job={job} maySubmit={maySubmit} />
      {maySubmit && <RunAgain job={job} />}
      <JobDetails job={job} maySubmit={maySubmit} />
      <p className={styles["another"]}>
        <Link to="/p/$processor" params={{ processor: job.processor }}>
          {messages.job.another}
        </Link>
      </p>
    </div>
  );
}

function JobBody({ job, maySubmit }: { readonly job: Job; readonly maySubmit: boolean }) {
  const { job: words } = useMessages();
  switch (job.status) {
    case "completed":
      return <JobResult job={job} />;
    case "failed":
      return <JobFailure job={job} />;
    case "cancelled":
      return <p className={styles["plain"]}>{words.cancelledText}</p>;
    default:
      return <JobProgress job={job} maySubmit={maySubmit} />;
  }
}
