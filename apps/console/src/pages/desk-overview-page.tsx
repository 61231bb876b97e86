import type { Trends } from "@drover/client";
import type { TrendWindow } from "@drover/contract";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { ProblemNote } from "../components/notice.js";
import { AlertList } from "../desk/alert-list.js";
import { DeskFrame } from "../desk/desk-frame.js";
import { useQueues, useTrends, useWorkers } from "../desk/desk-queries.js";
import { failureSeries } from "../desk/plot-series.js";
import { TimePlot } from "../desk/time-plot.js";
import { formatSpan } from "../i18n/desk-formats.js";
import { useDeskMessages } from "../i18n/desk-language.js";
import { formatNumber, formatSize } from "../i18n/formats.js";
import { useLanguage } from "../i18n/language.js";
import styles from "./desk-overview-page.module.css";

/** How it goes: what to look at, how much there is to do, and the last hours. */
export function DeskOverviewPage() {
  const { overview: words } = useDeskMessages();
  const [window, setWindow] = useState<TrendWindow>("6h");
  const { data: trends, error } = useTrends(window);
  return (
    <DeskFrame title={words.title} aside={<WindowChoice chosen={window} onChoose={setWindow} />}>
      <AlertList />
      <Standing />
      {error !== null && <ProblemNote error={error} />}
      {trends !== undefined && <TrendPlots trends={trends} />}
    </DeskFrame>
  );
}

interface WindowChoiceProps {
  readonly chosen: TrendWindow;
  readonly onChoose: (window: TrendWindow) => void;
}

function WindowChoice({ chosen, onChoose }: WindowChoiceProps) {
  const { overview: words } = useDeskMessages();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form
    <div role="group" aria-label={words.window} className={styles["windows"]}>
      {(["6h", "24h"] as const).map((each) => (
        <button key={each} type="button" aria-pressed={each === chosen} onClick={() => onChoose(each)}>
          {words.windows[each]}
        </button>
      ))}
    </div>
  );
}

/** The figures of now, each with the way to what it counts. */
function Standing() {
  const { overview: words } = useDeskMessages();
  const { code } = useLanguage();
  const { data: queues = [] } = useQueues();
  const { data: workers = [] } = useWorkers();
  const ready = workers.filter(({ state }) => state === "ready");
  const sum = (of: (queue: (typeof queues)[number]) => number) =>
    formatNumber(
      queues.map(of).reduce((total, each) => total + each, 0),
      code,
    );
  return (
    <ul className={styles["standing"]}>
      <li className="card">
        <Link to="/jobs" search={{ status: "queued" }} className={styles["figure"]}>
          <Figure name={words.waiting} value={sum(({ scale }) => scale.waiting + scale.prioritized)} />
        </Link>
      </li>
      <li className="card">
        <Link to="/jobs" search={{ status: "running" }} className={styles["figure"]}>
          <Figure name={words.running} value={sum(({ scale }) => scale.active)} />
        </Link>
      </li>
      <li className="card">
        <Link to="/jobs" search={{ status: "failed", since: "1h" }} className={styles["figure"]}>
          <Figure name={words.failed} value={sum(({ ended }) => ended?.failed ?? 0)} />
        </Link>
      </li>
      <li className="card">
        <Link to="/workers" className={styles["figure"]}>
          <Figure name={words.workers} value={formatNumber(ready.length, code)} />
        </Link>
      </li>
    </ul>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <span className={styles["name"]}>{name}</span>
      <strong className={styles["value"]}>{value}</strong>
    </>
  );
}

function TrendPlots({ trends }: { readonly trends: Trends }) {
  const { overview: words } = useDeskMessages();
  const { code } = useLanguage();
  const { spans, span_ms: spanMs } = trends;
  const times = spans.map(({ at }) => Date.parse(at));
  const own = { times, spanMs };
  const count = (value: number) => (Number.isInteger(value) ? formatNumber(value, code) : "");
  const span = (ms: number) => (ms === 0 ? "0" : formatSpan(ms, code));
  const failed = spans.map(({ failures }) => Object.values(failures).reduce((all, each) => all + each, 0));
  const used = spans.map(({ storage }) =>
    storage === null ? null : storage.size_bytes - storage.free_bytes,
  );
  const size = spans.reduce((most, { storage }) => Math.max(most, storage?.size_bytes ?? 0), 0);
  return (
    <div className={styles["plots"]}>
      <TimePlot
        {...own}
        title={words.throughput}
        kind="bars"
        format={count}
        series={[
          { name: words.completed, colour: "good", values: spans.map(({ completed }) => completed) },
          { name: words.failedJobs, colour: "bad", values: failed },
          { name: words.cancelled, colour: "grey", values: spans.map(({ cancelled }) => cancelled) },
        ]}
      />
      <TimePlot
        {...own}
        title={words.wait}
        kind="lines"
        format={span}
        series={[
          { name: "p50", colour: "good", values: spans.map((each) => each.wait_p50_ms) },
          { name: "p95", colour: "amber", values: spans.map((each) => each.wait_p95_ms) },
        ]}
      />
      <TimePlot
        {...own}
        title={words.failures}
        kind="bars"
        format={count}
        series={failureSeries(spans, words.other)}
      />
      <TimePlot
        {...own}
        title={words.storage}
        kind="area"
        format={(bytes) => formatSize(bytes, code)}
        atLeast={size}
        series={[{ name: words.used, colour: "blue", values: used }]}
      />
    </div>
  );
}
