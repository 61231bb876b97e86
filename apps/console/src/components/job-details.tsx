import type { Job } from "@drover/client";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useRemove } from "../api/job-queries.js";
import { formatMoment } from "../i18n/formats.js";
import { useLanguage, useMessages } from "../i18n/language.js";
import { isTerminal } from "../jobs/job-status.js";
import styles from "./job-details.module.css";
import { ProblemNote } from "./notice.js";

/** What is seldom wanted of a job: its id, options and end, and how it is erased. */
export function JobDetails({ job, maySubmit }: { readonly job: Job; readonly maySubmit: boolean }) {
  const { locale, messages } = useLanguage();
  const { job: words, myJobs } = messages;
  const changed = Object.entries(job.params);
  return (
    <details className={styles["details"]}>
      <summary className={styles["summary"]}>{words.details}</summary>
      <dl className={styles["list"]}>
        <Detail name={words.id}>
          <code>{job.job_id}</code>
        </Detail>
        <Detail name={myJobs.sent}>{formatMoment(Date.parse(job.created_at), locale)}</Detail>
        <Detail name={words.params}>
          {changed.length === 0
            ? words.noParams
            : changed.map(([name, value]) => (
                <code key={name} className={styles["param"]}>{`${name}: ${JSON.stringify(value)}`}</code>
              ))}
        </Detail>
        {job.expires_at !== null && (
          <Detail name="">{words.keptUntil(formatMoment(Date.parse(job.expires_at), locale))}</Detail>
        )}
      </dl>
      {maySubmit && isTerminal(job) && <RemoveJob jobId={job.job_id} />}
    </details>
  );
}

function Detail({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className={styles["detail"]}>
      <dt className={styles["name"]}>{name}</dt>
      <dd className={styles["value"]}>{children}</dd>
    </div>
  );
}

/** Asks once more before it erases. */
function RemoveJob({ jobId }: { readonly jobId: string }) {
  const { job: words } = useMessages();
  const navigate = useNavigate();
  const [isAsked, setIsAsked] = useState(false);
  const remove = useRemove(jobId);
  const press = async () => {
    if (!isAsked) return setIsAsked(true);
    await remove.mutateAsync().then(
      () => navigate({ to: "/my-jobs" }),
      () => {}, // shown below
    );
  };
  return (
    <>
      <button type="button" className={styles["remove"]} disabled={remove.isPending} onClick={press}>
        {isAsked ? words.removeSure : words.remove}
      </button>
      {remove.error !== null && <ProblemNote error={remove.error} />}
    </>
  );
}
