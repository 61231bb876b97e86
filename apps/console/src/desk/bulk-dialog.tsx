import { Button, Progress } from "@mantine/core";
import { useEffect, useId, useRef } from "react";
import { ProblemNote } from "../components/problem-note.js";
import { useDeskMessages } from "../i18n/desk-language.js";
import { formatNumber } from "../i18n/formats.js";
import { useLanguage } from "../i18n/language.js";
import styles from "./bulk-dialog.module.css";
import type { BulkAction } from "./bulk-run.js";
import type { JobSearch } from "./job-search.js";
import { type BulkState, useBulk } from "./use-bulk.js";

interface BulkDialogProps {
  readonly action: BulkAction;
  readonly search: JobSearch;
  readonly onClose: () => void;
}

/** Says how many jobs it would be, and does it when that is wanted; it can be stopped in the middle. */
export function BulkDialog({ action, search, onClose }: BulkDialogProps) {
  const { bulk } = useDeskMessages();
  const { state, run, stop } = useBulk(action, search);
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => {
    stop();
    onClose();
  };
  return (
    <dialog ref={dialog} className={styles["dialog"]} aria-labelledby={title} onClose={close}>
      <h2 id={title} className={styles["title"]}>
        {bulk.ask[action]}
      </h2>
      <p className={styles["text"]}>{bulk.what[action]}</p>
      <dl className={styles["filters"]}>
        <dt>{bulk.filters}</dt>
        <dd>
          {Object.entries(search).map(([name, value]) => (
            <code key={name}>{`${name}: ${value}`}</code>
          ))}
          {Object.keys(search).length === 0 && bulk.noFilters}
        </dd>
      </dl>
      <div aria-live="polite">
        <BulkStanding action={action} state={state} />
      </div>
      <div className={styles["buttons"]}>
        {state.kind === "found" && state.ids.length > 0 && (
          <Button color={action === "delete" ? "red" : "pine"} onClick={run} data-autofocus>
            <FoundCount action={action} count={state.ids.length} />
          </Button>
        )}
        {state.kind === "running" && (
          <Button variant="default" onClick={stop}>
            {bulk.stop}
          </Button>
        )}
        <Button variant="default" onClick={() => dialog.current?.close()}>
          {state.kind === "found" || state.kind === "counting" ? bulk.keep : bulk.closeIt}
        </Button>
      </div>
    </dialog>
  );
}

function FoundCount({ action, count }: { readonly action: BulkAction; readonly count: number }) {
  const { bulk } = useDeskMessages();
  const { code } = useLanguage();
  return `${bulk.doIt[action]}: ${bulk.count(count, formatNumber(count, code))}`;
}

function BulkStanding({ action, state }: { readonly action: BulkAction; readonly state: BulkState }) {
  const { bulk } = useDeskMessages();
  const { code } = useLanguage();
  const number = (count: number) => formatNumber(count, code);
  switch (state.kind) {
    case "counting":
      return <p className={styles["count"]}>{bulk.counting(number(state.count))}</p>;
    case "found":
      if (state.ids.length === 0) return <p className={styles["text"]}>{bulk.none}</p>;
      return <p className={styles["count"]}>{bulk.count(state.ids.length, number(state.ids.length))}</p>;
    case "running":
      return (
        <>
          <p className={styles["count"]}>{bulk.progress(number(state.count), number(state.all))}</p>
          <Progress value={(100 * state.count) / state.all} aria-label={bulk.progressLabel} />
        </>
      );
    case "failed":
      return <ProblemNote error={state.error} />;
    case "ended":
      return <BulkSummary action={action} state={state} />;
  }
}

/** So many refusals are told one by one. */
const LISTED = 8;

type Ended = Extract<BulkState, { kind: "ended" }>;

function BulkSummary({ action, state }: { readonly action: BulkAction; readonly state: Ended }) {
  const { bulk } = useDeskMessages();
  const { code } = useLanguage();
  const number = (count: number) => formatNumber(count, code);
  const { done, refused } = state.result;
  return (
    <>
      <p className={styles["count"]}>{`${bulk.done[action]}: ${bulk.count(done, number(done))}`}</p>
      {state.isStopped && <p className={styles["text"]}>{bulk.stopped}</p>}
      {refused.length > 0 && (
        <>
          <p className={styles["text"]}>{bulk.refused(number(refused.length))}</p>
          <ul className={styles["refused"]}>
            {refused.slice(0, LISTED).map(({ jobId, message }) => (
              <li key={jobId}>{message}</li>
            ))}
            {refused.length > LISTED && <li>{bulk.andMore(number(refused.length - LISTED))}</li>}
          </ul>
        </>
      )}
    </>
  );
}
