import type { Job } from "@drover/client";
import { formatExact, formatSpan, formatTime } from "../i18n/desk-formats.js";
import { useDeskMessages } from "../i18n/desk-language.js";
import { useLanguage } from "../i18n/language.js";
import { isTerminal } from "../jobs/job-status.js";
import styles from "./attempt-list.module.css";
import { DeskSection, NothingThere } from "./desk-section.js";
import { type AttemptView, attemptsOf, placeOn } from "./job-attempts.js";
import { useClock } from "./use-clock.js";
import { WorkerName } from "./worker-name.js";

/** The attempts of a job on one line of time, each with its worker, how long it took and how it ended. */
export function AttemptList({ job }: { readonly job: Job }) {
  const { job: words } = useDeskMessages();
  const { code } = useLanguage();
  const clock = useClock(1_000);
  const attempts = attemptsOf(job);
  const isOver = isTerminal(job);
  const ended = job.completed_at === null ? clock : Date.parse(job.completed_at);
  const line = { from: Date.parse(job.created_at), to: isOver ? ended : Math.max(clock, ended) };
  const total = formatSpan(line.to - line.from, code);
  return (
    <DeskSection title={words.attempts} aside={attempts.length > 0 && total}>
      {attempts.length === 0 && <NothingThere>{words.noAttempts}</NothingThere>}
      <ol className={styles["attempts"]}>
        {attempts.map((attempt) => (
          <li key={`${attempt.number} ${attempt.startedAt}`} className={styles["attempt"]}>
            <AttemptLine attempt={attempt} line={line} />
          </li>
        ))}
      </ol>
    </DeskSection>
  );
}

interface AttemptLineProps {
  readonly attempt: AttemptView;
  readonly line: { readonly from: number; readonly to: number };
}

function AttemptLine({ attempt, line }: AttemptLineProps) {
  const { job: words } = useDeskMessages();
  const { code } = useLanguage();
  const { number, worker, startedAt, outcome, stages, until } = attempt;
  const endedAt = attempt.endedAt ?? line.to;
  const { left, width } = placeOn(line, { from: startedAt, to: endedAt });
  return (
    <>
      <div className={styles["head"]}>
        <strong>{words.attempt(number)}</strong>
        <span className={styles["outcome"]} data-outcome={outcome}>
          {words.outcome[outcome] ?? outcome}
        </span>
        {attempt.code !== undefined && <code>{attempt.code}</code>}
        <span className={styles["span"]}>{formatSpan(endedAt - startedAt, code)}</span>
      </div>
      <div className={styles["track"]}>
        <div
          className={styles["run"]}
          data-outcome={outcome}
          style={{ left: `${left}%`, width: `max(3px, ${width}%)` }}
        />
      </div>
      <p className={styles["detail"]}>
        <time title={formatExact(startedAt, code)}>{formatTime(startedAt, code)}</time>
        {worker !== undefined && <WorkerName id={worker} />}
        {until !== undefined && <span>{words.nextAt(formatTime(until, code))}</span>}
      </p>
      {attempt.message !== undefined && <p className={styles["message"]}>{attempt.message}</p>}
      {stages.length > 0 && <StageSpans stages={stages} endedAt={endedAt} />}
    </>
  );
}

/** How long each stage took. */
function StageSpans({ stages, endedAt }: Pick<AttemptView, "stages"> & { readonly endedAt: number }) {
  const { code } = useLanguage();
  return (
    <ul className={styles["stages"]}>
      {stages.map(({ stage, at }, index) => (
        <li key={`${stage} ${at}`}>
          {stage}
          <span>{formatSpan((stages[index + 1]?.at ?? endedAt) - at, code)}</span>
        </li>
      ))}
    </ul>
  );
}
