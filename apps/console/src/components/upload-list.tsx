import { Button, Progress } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useListedJob } from "../api/job-queries.js";
import { formatSize } from "../i18n/formats.js";
import { useLanguage, useMessages } from "../i18n/language.js";
import { uploads } from "../uploads/page-uploads.js";
import type { Submission } from "../uploads/submissions.js";
import styles from "./file-rows.module.css";
import { Icon } from "./icon.js";
import { ProblemNote } from "./notice.js";
import { StatusBadge } from "./own-job-rows.js";

/** The files that were started here, each from its first byte to the end of its job. */
export function UploadList({ submissions }: { readonly submissions: readonly Submission[] }) {
  const { upload } = useMessages();
  if (submissions.length === 0) return null;
  return (
    <ul className={styles["rows"]} aria-label={upload.title}>
      {submissions.map((submission) => (
        <li className={styles["row"]} key={submission.id}>
          <span className={styles["icon"]}>
            <Icon name="file" size={24} />
          </span>
          <div className={styles["what"]}>
            <p className={styles["name"]}>{submission.file.name}</p>
            <UploadState submission={submission} />
          </div>
          <UploadActions submission={submission} />
        </li>
      ))}
    </ul>
  );
}

function UploadState({ submission }: { readonly submission: Submission }) {
  const { upload } = useMessages();
  const { state } = submission;
  switch (state.kind) {
    case "waiting":
      return <p className={styles["detail"]}>{upload.waiting}</p>;
    case "sending":
      return <SendingState submission={submission} state={state} />;
    case "accepted":
      return <AcceptedState jobId={state.jobId} />;
    case "refused":
      return <ProblemNote error={state.error} />;
    case "stopped":
      return <p className={styles["detail"]}>{upload.stopped}</p>;
  }
}

interface SendingStateProps {
  readonly submission: Submission;
  readonly state: Extract<Submission["state"], { kind: "sending" }>;
}

function SendingState({ submission, state }: SendingStateProps) {
  const { locale, messages } = useLanguage();
  const { upload } = messages;
  const { sentBytes, totalBytes, tries } = state;
  const percent = totalBytes === 0 ? 0 : Math.min(100, (100 * sentBytes) / totalBytes);
  const sizes = upload.sending(formatSize(sentBytes, locale), formatSize(submission.file.size, locale));
  return (
    <>
      <Progress value={percent} mt={8} mb={6} aria-label={upload.progressLabel(submission.file.name)} />
      <p className={styles["detail"]}>{percent === 100 ? upload.storing : sizes}</p>
      {tries > 1 && (
        <p className={styles["bad"]} role="status">
          {upload.again(tries)}
        </p>
      )}
    </>
  );
}

function AcceptedState({ jobId }: { readonly jobId: string }) {
  const job = useListedJob(jobId, true);
  return (
    <p className={styles["detail"]}>
      <StatusBadge status={job?.status ?? "queued"} />
      {job?.status === "running" && ` ${Math.round(job.progress)} %`}
    </p>
  );
}

function UploadActions({ submission: { id, state } }: { readonly submission: Submission }) {
  const { upload } = useMessages();
  switch (state.kind) {
    case "waiting":
    case "sending":
      return (
        <Button variant="default" size="sm" onClick={() => uploads.stop(id)}>
          {upload.stop}
        </Button>
      );
    case "accepted":
      return (
        <Link to="/my-jobs/$jobId" params={{ jobId: state.jobId }}>
          {upload.open}
        </Link>
      );
    case "refused":
    case "stopped":
      return (
        <button
          type="button"
          className="icon-button"
          aria-label={upload.dismiss}
          onClick={() => uploads.dismiss(id)}
        >
          <Icon name="close" />
        </button>
      );
  }
}
