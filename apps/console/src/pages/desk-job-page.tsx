import { type Job, ProblemError } from "@drover/client";
import { Link, useParams } from "@tanstack/react-router";
import { JobFailure, JobResult } from "../components/job-outcome.js";
import { JobProgress } from "../components/job-progress.js";
import { Notice, ProblemNote } from "../components/notice.js";
import { StatusBadge } from "../components/own-job-rows.js";
import { AttemptList } from "../desk/attempt-list.js";
import { DeskFrame } from "../desk/desk-frame.js";
import { useDeskJob } from "../desk/desk-job-queries.js";
import { JobDeliveryList } from "../desk/job-delivery-list.js";
import { JobFacts } from "../desk/job-facts.js";
import { JobLogLines } from "../desk/job-log-lines.js";
import { JobTools } from "../desk/job-tools.js";
import { RawRecord } from "../desk/raw-record.js";
import { useDeskMessages } from "../i18n/desk-language.js";
import { useMessages } from "../i18n/language.js";
import styles from "./desk-job-page.module.css";

/** One job, for operators: what happened to it, why, and what can be done. */
export function DeskJobPage() {
  const { jobId } = useParams({ from: "/desk/jobs/$jobId" });
  const { job: words, back } = useDeskMessages();
  const { data: job, error } = useDeskJob(jobId);
  if (error !== null && isGone(error))
    return (
      <Notice icon="search" title={words.gone} text={words.goneText}>
        <Link to="/jobs">{back}</Link>
      </Notice>
    );
  if (job !== undefined) return <DeskJobView job={job} key={jobId} />;
  return error === null ? null : <ProblemNote error={error} />;
}

function isGone(error: unknown): boolean {
  return error instanceof ProblemError && [400, 404, 410].includes(error.status);
}

function DeskJobView({ job }: { readonly job: Job }) {
  const { back } = useDeskMessages();
  const { job_id: jobId, input, status } = job;
  return (
    <DeskFrame title={input.filename === "" ? jobId : input.filename} aside={<StatusBadge status={status} />}>
      <div className={styles["bar"]}>
        <Link to="/jobs" className={styles["back"]}>
          {back}
        </Link>
        <JobTools job={job} />
      </div>
      <div className={styles["columns"]}>
        <div className={styles["column"]}>
          <UserView job={job} />
          <AttemptList job={job} />
          <JobLogLines jobId={jobId} />
          <JobDeliveryList jobId={jobId} />
          <RawRecord jobId={jobId} />
        </div>
        <aside className={styles["column"]}>
          <JobFacts job={job} />
        </aside>
      </div>
    </DeskFrame>
  );
}

/** The same as the page of the person who sent the job shows. */
function UserView({ job }: { readonly job: Job }) {
  const { job: words } = useDeskMessages();
  const user = useMessages().job;
  return (
    <section className={styles["user"]}>
      <header className={styles["user-head"]}>
        <h2>{words.open}</h2>
        <Link to="/my-jobs/$jobId" params={{ jobId: job.job_id }}>
          {words.openPage}
        </Link>
      </header>
      {job.status === "completed" && <JobResult job={job} />}
      {job.status === "failed" && <JobFailure job={job} />}
      {job.status === "cancelled" && <p className={styles["plain"]}>{user.cancelledText}</p>}
      {(job.status === "queued" || job.status === "running") && <JobProgress job={job} maySubmit={false} />}
    </section>
  );
}
