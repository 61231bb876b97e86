import type { Job } from "@drover/client";
import { Button, Progress } from "@mantine/core";
import { useEffect, useState } from "react";
import { useEndedJobs } from "../api/catalogue-queries.js";
import { useCancel } from "../api/job-queries.js";
import type { Messages } from "../i18n/en.js";
import { formatDuration } from "../i18n/formats.js";
import { useMessages } from "../i18n/language.js";
import { type Estimate, estimate } from "../jobs/job-estimate.js";
import styles from "./job-progress.module.css";
import { ProblemNote } from "./notice.js";

/** A job that waits or runs: its place in line, then its stage and progress, and how long it may take. */
export function JobProgress({ job, maySubmit }: { readonly job: Job; readonly maySubmit: boolean }) {
  const { job: words } = useMessages();
  const cancel = useCancel(job.job_id);
  const isRunning = job.status === "running";
  return (
    <section className={`${styles["card"]} card`}>
      <div className={styles["now"]} role="status">
        <p className={styles["what"]}>{isRunning ? stageOf(job, words) : waitingOf(job, words)}</p>
        {isRunning && <p className={styles["percent"]}>{Math.floor(job.progress)} %</p>}
      </div>
      <Progress
        size="lg"
        radius="xl"
        value={isRunning ? Math.max(job.progress, 1.5) : 0}
        aria-label={words.progressLabel}
      />
      {isRunning && job.message !== null && <p className={styles["message"]}>{job.message}</p>}
      <Times job={job} />
      {maySubmit && (
        <Button
          variant="default"
          className={styles["cancel"] ?? ""}
          disabled={cancel.isPending || cancel.isSuccess}
          onClick={() => cancel.mutate()}
        >
          {cancel.isPending || cancel.isSuccess ? words.cancelling : words.cancel}
        </Button>
      )}
      {cancel.error !== null && <ProblemNote error={cancel.error} />}
    </section>
  );
}

function stageOf(job: Job, words: Messages["job"]): string {
  const stage = job.stage ?? words.status["running"] ?? "";
  const shown = stage.charAt(0).toUpperCase() + stage.slice(1).replaceAll(/[-_]/g, " ");
  return job.attempt > 1 ? `${shown} · ${words.attempt(job.attempt, job.max_attempts)}` : shown;
}

function waitingOf({ waiting }: Job, words: Messages["job"]): string {
  if (waiting === null) return words.status["queued"] ?? "";
  const reason = words.waiting[waiting.reason] ?? waiting.reason;
  return waiting.position === null ? reason : `${reason} · ${words.position(waiting.position)}`;
}

/** How long it has been, and how long it may still be, with the reason for the guess. */
function Times({ job }: { readonly job: Job }) {
  const { job: words } = useMessages();
  const now = useNow();
  const ended = useEndedJobs(job.processor, true);
  const startedAt = job.started_at === null ? undefined : Date.parse(job.started_at);
  const isRunning = job.status === "running";
  const since = isRunning ? startedAt : Date.parse(job.created_at);
  const elapsed = formatDuration(now - (since ?? now));
  const guess = estimate(
    {
      sizeBytes: job.input.size_bytes,
      startedAt: isRunning ? startedAt : undefined,
      progress: isRunning ? job.progress : 0,
    },
    ended,
    now,
  );
  return (
    <p className={styles["times"]}>
      {isRunning ? words.elapsed(elapsed) : words.waitedFor(elapsed)} · {guessText(guess, words)}
    </p>
  );
}

function guessText(guess: Estimate, words: Messages["job"]): string {
  switch (guess.kind) {
    case "own_pace":
      return `${words.left(formatDuration(guess.leftMs))} (${words.ownPace})`;
    case "like_jobs":
      return `${words.left(formatDuration(guess.leftMs))} (${words.likeJobs(guess.count)})`;
    case "overdue":
      return words.overdue(formatDuration(guess.medianMs), guess.count);
    case "none":
      return words.noBasis;
  }
}

/** The time, anew each second. By this browser's clock, which may differ from the server's by a little. */
function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
