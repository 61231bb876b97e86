import type { WorkerView } from "@drover/client";
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { ProblemNote } from "../components/notice.js";
import { formatAge, formatExact, formatSpan } from "../i18n/desk-formats.js";
import { useDeskMessages } from "../i18n/desk-language.js";
import { formatSize } from "../i18n/formats.js";
import { useLanguage } from "../i18n/language.js";
import { useDrain } from "./desk-queries.js";
import { useClock } from "./use-clock.js";
import styles from "./worker-card.module.css";

/** One worker: where it is, how it does, and the jobs that it runs. */
export function WorkerCard({ worker }: { readonly worker: WorkerView }) {
  const { workers: words } = useDeskMessages();
  const { host, state, running, slots, processors } = worker;
  const total = slots === null ? undefined : slots * processors.length;
  return (
    <article className={`${styles["card"]} card`} aria-label={worker.worker}>
      <header className={styles["head"]}>
        <h2 className={styles["name"]}>{host ?? worker.worker}</h2>
        <span className={styles["state"]} data-state={state}>
          {words.state[state] ?? state}
        </span>
        {state === "ready" && <DrainButton worker={worker.worker} />}
      </header>
      {host !== null && <p className={styles["id"]}>{worker.worker}</p>}
      {worker.shares_storage === false && <p className={styles["trouble"]}>{words.otherStorage}</p>}
      {host !== null && <WorkerFacts worker={worker} />}
      <p className={styles["load"]}>
        <strong>{running.length}</strong>
        {total !== undefined && ` / ${total}`} {words.runningJobs}
      </p>
      <RunningJobs running={running} />
    </article>
  );
}

function WorkerFacts({ worker }: { readonly worker: WorkerView }) {
  const { workers: words } = useDeskMessages();
  const { code } = useLanguage();
  const now = useClock(1_000);
  const { version, processors, slots, started_at: started, heard_at: heard, resident_bytes: bytes } = worker;
  return (
    <dl className={styles["facts"]}>
      <Fact name={words.processors}>{processors.join(", ")}</Fact>
      <Fact name={words.slots}>{slots}</Fact>
      {bytes !== null && <Fact name={words.memory}>{formatSize(bytes, code)}</Fact>}
      {started !== null && (
        <Fact name={words.up}>
          <time title={formatExact(Date.parse(started), code)}>{formatAge(now - Date.parse(started))}</time>
        </Fact>
      )}
      {heard !== null && <Fact name={words.heard}>{words.ago(formatAge(now - Date.parse(heard)))}</Fact>}
      {version !== null && <Fact name={words.version}>{version}</Fact>}
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Asks once more before it drains. */
function DrainButton({ worker }: { readonly worker: string }) {
  const { workers: words } = useDeskMessages();
  const [isAsked, setIsAsked] = useState(false);
  const drain = useDrain();
  return (
    <div className={styles["drain"]}>
      <Button
        size="xs"
        variant="default"
        disabled={drain.isPending || drain.isSuccess}
        title={words.drainHelp}
        onClick={() => (isAsked ? drain.mutate(worker) : setIsAsked(true))}
        onBlur={() => setIsAsked(false)}
      >
        {isAsked ? words.drainSure : words.drain}
      </Button>
      {drain.error !== null && <ProblemNote error={drain.error} />}
    </div>
  );
}

/** So many jobs of one worker are shown. */
const SHOWN = 12;

function RunningJobs({ running }: Pick<WorkerView, "running">) {
  const { workers: words } = useDeskMessages();
  const { code } = useLanguage();
  const now = useClock(1_000);
  if (running.length === 0) return null;
  return (
    <ul className={styles["jobs"]}>
      {running.slice(0, SHOWN).map(({ job_id: jobId, filename, processor, progress, started_at }) => (
        <li key={jobId} className={styles["job"]}>
          <Link to="/jobs/$jobId" params={{ jobId }} className={styles["file"]}>
            {filename}
          </Link>
          <span className={styles["kind"]}>{processor}</span>
          <span className={styles["number"]}>{Math.floor(progress)} %</span>
          <span className={styles["number"]}>
            {started_at === null ? "" : formatSpan(now - Date.parse(started_at), code)}
          </span>
        </li>
      ))}
      {running.length > SHOWN && <li className={styles["kind"]}>{words.andMore(running.length - SHOWN)}</li>}
    </ul>
  );
}
