import { Button, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ProblemNote } from "../components/notice.js";
import { formatSpan } from "../i18n/desk-formats.js";
import { useDeskMessages } from "../i18n/desk-language.js";
import { formatNumber } from "../i18n/formats.js";
import { useLanguage } from "../i18n/language.js";
import { type QueueView, useQueueAct } from "./desk-queries.js";
import styles from "./queue-table.module.css";

/** A queue a row; where the window is narrow, a card each. */
export function QueueTable({ queues }: { readonly queues: readonly QueueView[] }) {
  const { queues: words } = useDeskMessages();
  const heads = [
    words.waiting,
    words.running,
    words.delayed,
    words.oldest,
    words.workers,
    words.lastHour,
    words.failed,
  ];
  return (
    <table className={`${styles["table"]} card`}>
      <thead>
        <tr>
          <th scope="col">{words.queue}</th>
          {heads.map((head) => (
            <th key={head} scope="col" className={styles["number"]}>
              {head}
            </th>
          ))}
          <th scope="col">{words.handedOut}</th>
        </tr>
      </thead>
      <tbody>
        {queues.map((queue) => (
          <QueueRow key={queue.processor.name} queue={queue} />
        ))}
      </tbody>
    </table>
  );
}

function QueueRow({ queue }: { readonly queue: QueueView }) {
  const { queues: words, never } = useDeskMessages();
  const { code } = useLanguage();
  const { processor, scale, ended } = queue;
  const { name } = processor;
  const number = (value: number) => formatNumber(value, code);
  const waiting = scale.waiting + scale.prioritized;
  const isUnserved = scale.workers === 0 && waiting > 0;
  const cells = [
    { head: words.waiting, text: number(waiting), status: "queued" },
    { head: words.running, text: number(scale.active), status: "running" },
    { head: words.delayed, text: number(scale.delayed) },
    { head: words.oldest, text: waiting === 0 ? never : formatSpan(scale.oldest_waiting_ms, code) },
    { head: words.workers, text: `${scale.workers} · ${scale.slots}`, isBad: isUnserved },
    { head: words.lastHour, text: ended === undefined ? never : number(ended.completed) },
    {
      ...{ head: words.failed, text: ended === undefined ? never : number(ended.failed), status: "failed" },
      isBad: (ended?.failed ?? 0) > 0,
    },
  ];
  return (
    <tr>
      <th scope="row" className={styles["name"]}>
        <Link to="/jobs" search={{ processor: name }}>
          {name}
        </Link>
        {processor.is_paused && <span className={styles["paused"]}>{words.paused}</span>}
      </th>
      {cells.map(({ head, text, status, isBad = false }) => (
        <td key={head} data-head={head} data-bad={isBad} className={styles["number"]}>
          {status === undefined || text === never || text === "0" ? (
            text
          ) : (
            <Link to="/jobs" search={{ processor: name, status }}>
              {text}
            </Link>
          )}
        </td>
      ))}
      <td className={styles["acts"]}>
        <QueueActs processor={processor} />
      </td>
    </tr>
  );
}

function QueueActs({ processor }: Pick<QueueView, "processor">) {
  const { queues: words } = useDeskMessages();
  const { name, is_paused: isPaused } = processor;
  const act = useQueueAct(name);
  const verb = isPaused ? words.resume : words.pause;
  return (
    <div className={styles["tools"]}>
      <Button
        size="xs"
        variant={isPaused ? "filled" : "default"}
        aria-label={`${verb}: ${name}`}
        disabled={act.isPending}
        onClick={() => act.mutate({ kind: isPaused ? "resume" : "pause" })}
      >
        {verb}
      </Button>
      <ConcurrencyForm key={processor.concurrency} processor={processor} act={act} />
      <a
        href={`/admin/queues/queue/${name}`}
        className={styles["board"]}
        aria-label={`${words.board}: ${name}`}
      >
        {words.board}
      </a>
      {act.error !== null && <ProblemNote error={act.error} />}
    </div>
  );
}

interface ConcurrencyFormProps extends Pick<QueueView, "processor"> {
  readonly act: ReturnType<typeof useQueueAct>;
}

/** How many attempts run at a time, at most; empty for as many as there are slots. */
function ConcurrencyForm({ processor, act }: ConcurrencyFormProps) {
  const { queues: words } = useDeskMessages();
  const now = processor.concurrency === null ? "" : String(processor.concurrency);
  const [text, setText] = useState(now);
  const isRight = text === "" || (/^\d{1,6}$/.test(text) && Number(text) > 0);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isRight) act.mutate({ kind: "bound", concurrency: text === "" ? null : Number(text) });
  };
  return (
    <form className={styles["bound"]} onSubmit={submit}>
      <TextInput
        size="xs"
        inputMode="numeric"
        className={styles["most"] ?? ""}
        aria-label={`${words.concurrency}: ${processor.name}`}
        title={words.concurrencyHelp}
        placeholder={words.allSlots}
        error={!isRight}
        value={text}
        onChange={(event) => setText(event.currentTarget.value.trim())}
      />
      {text !== now && (
        <Button size="xs" type="submit" disabled={!isRight || act.isPending}>
          {words.set}
        </Button>
      )}
    </form>
  );
}
