import type { Job } from "@drover/client";
import type { ReactNode } from "react";
import { formatExact, formatSpan } from "../i18n/desk-formats.js";
import { useDeskMessages } from "../i18n/desk-language.js";
import { formatSize } from "../i18n/formats.js";
import { useLanguage } from "../i18n/language.js";
import { CopyText } from "./copy-text.js";
import { useJobRecord } from "./desk-job-queries.js";
import { DeskSection, NothingThere } from "./desk-section.js";
import styles from "./job-facts.module.css";
import { jobTimes } from "./job-times.js";
import { useClock } from "./use-clock.js";
import { WorkerName } from "./worker-name.js";

/** What is known of a job beside its course: ids, times, tags, options and the file. */
export function JobFacts({ job }: { readonly job: Job }) {
  const { job: words, jobs: columns } = useDeskMessages();
  const { data: record } = useJobRecord(job.job_id);
  return (
    <>
      <DeskSection title={words.facts}>
        <dl className={styles["facts"]}>
          <Fact name="Id">
            <CopyText text={job.job_id} />
          </Fact>
          <Fact name={columns.processor}>{job.processor}</Fact>
          <Fact name={columns.tenant}>{job.tenant ?? "default"}</Fact>
          <JobTimesFacts job={job} />
          {job.worker !== undefined && (
            <Fact name={columns.worker}>
              <WorkerName id={job.worker} />
            </Fact>
          )}
          {job.priority !== 0 && <Fact name={words.priority}>{job.priority}</Fact>}
          {Object.keys(job.tags).length > 0 && (
            <Fact name={columns.tags}>
              {Object.entries(job.tags).map(([name, value]) => (
                <code key={name} className={styles["entry"]}>{`${name}=${value}`}</code>
              ))}
            </Fact>
          )}
          {record?.request_id != null && (
            <Fact name={words.requestId}>
              <CopyText text={record.request_id} />
            </Fact>
          )}
          {record?.trace_id != null && (
            <Fact name={words.traceId}>
              <CopyText text={record.trace_id} />
            </Fact>
          )}
        </dl>
      </DeskSection>
      <JobInputFacts job={job} />
    </>
  );
}

function JobTimesFacts({ job }: { readonly job: Job }) {
  const { job: words, jobs: columns } = useDeskMessages();
  const { code } = useLanguage();
  const { waitedMs, ranMs } = jobTimes(job, useClock(1_000));
  const moment = (at: string) => formatExact(Date.parse(at), code);
  return (
    <>
      <Fact name={words.submitted}>{moment(job.created_at)}</Fact>
      <Fact name={columns.waited}>{formatSpan(waitedMs, code)}</Fact>
      {ranMs !== undefined && <Fact name={columns.ran}>{formatSpan(ranMs, code)}</Fact>}
      {job.completed_at !== null && <Fact name={words.ended}>{moment(job.completed_at)}</Fact>}
      {job.expires_at !== null && <Fact name={words.keptUntil}>{moment(job.expires_at)}</Fact>}
    </>
  );
}

function JobInputFacts({ job }: { readonly job: Job }) {
  const { job: words } = useDeskMessages();
  const { code } = useLanguage();
  const params = Object.entries(job.params);
  return (
    <>
      <DeskSection title={words.params}>
        {params.length === 0 && <NothingThere>{words.noParams}</NothingThere>}
        <dl className={styles["facts"]}>
          {params.map(([name, value]) => (
            <Fact key={name} name={name}>
              <code>{JSON.stringify(value)}</code>
            </Fact>
          ))}
        </dl>
      </DeskSection>
      <DeskSection title={words.input}>
        <dl className={styles["facts"]}>
          <Fact name={words.size}>{formatSize(job.input.size_bytes, code)}</Fact>
          <Fact name={words.mediaType}>{job.input.media_type}</Fact>
          <Fact name={words.sha256}>
            <CopyText text={job.input.sha256} />
          </Fact>
        </dl>
      </DeskSection>
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className={styles["fact"]}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
