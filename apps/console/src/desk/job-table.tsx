import type { Job } from "@drover/client";
import { useMediaQuery } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { formatAge, formatSpan } from "../i18n/desk-formats.js";
import { useDeskMessages } from "../i18n/desk-language.js";
import { useLanguage } from "../i18n/language.js";
import styles from "./job-table.module.css";
import { jobTimes } from "./job-times.js";
import { StateMark } from "./state-mark.js";
import { useClock } from "./use-clock.js";
import { WorkerName } from "./worker-name.js";

interface JobTableProps {
  readonly rows: readonly Job[];
  readonly isWhole: boolean;
  /** Called when the last rows come into view. */
  readonly onMore: () => void;
}

/** Heights of a row, in px: one line, and two where the window is narrow. As in the style sheet. */
const ROW_PX = 42;
const NARROW_ROW_PX = 64;
/** Rows that are there beyond those in view. */
const OVERSCAN = 12;

/** The jobs as a table that scrolls with the page; only the rows in view are there. */
export function JobTable({ rows, isWhole, onMore }: JobTableProps) {
  const { jobs: words } = useDeskMessages();
  const body = useRef<HTMLDivElement>(null);
  const isNarrow = useMediaQuery("(max-width: 48rem)", false, { getInitialValueInEffect: false });
  const rowPx = isNarrow ? NARROW_ROW_PX : ROW_PX;
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowPx,
    overscan: OVERSCAN,
    scrollMargin: usePlace(body),
    getItemKey: (index) => rows[index]?.job_id ?? index,
  });
  useEffect(() => {
    if (rowPx > 0) virtual.measure();
  }, [virtual, rowPx]);
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? -1;
  useEffect(() => {
    if (!isWhole && last >= rows.length - 1 - OVERSCAN) onMore();
  }, [isWhole, last, rows.length, onMore]);
  const now = useClock(1_000);
  const hasTenants = rows.some(({ tenant }) => tenant !== undefined);
  return (
    // biome-ignore lint/a11y/useSemanticElements: rows of a table element cannot be placed
    <div
      role="table"
      aria-label={words.table}
      aria-rowcount={isWhole ? rows.length + 1 : -1}
      className={styles["table"]}
      data-tenants={hasTenants}
    >
      <JobTableHead />
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div role="rowgroup" className={styles["body"]} ref={body} style={{ height: virtual.getTotalSize() }}>
        {shown.map(({ index, key, start }) => {
          const job = rows[index];
          if (job === undefined) return null;
          const top = start - virtual.options.scrollMargin;
          return <JobRow key={key} job={job} index={index} top={top} now={now} />;
        })}
      </div>
    </div>
  );
}

/** How far down the page an element begins, in px. */
function usePlace(element: RefObject<HTMLElement | null>): number {
  const [place, setPlace] = useState(0);
  useLayoutEffect(() => {
    const measure = () => {
      const top = (element.current?.getBoundingClientRect().top ?? 0) + window.scrollY;
      setPlace(Math.round(top));
    };
    measure();
    const observer = new ResizeObserver(measure); // what is above has grown
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [element]);
  return place;
}

const COLUMNS = [
  "file",
  "processor",
  "state",
  "attempt",
  "waited",
  "ran",
  "worker",
  "tags",
  "tenant",
  "age",
] as const;

function JobTableHead() {
  const { jobs: words } = useDeskMessages();
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above
    <div role="rowgroup" className={styles["head"]}>
      {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above */}
      <div role="row" aria-rowindex={1} className={styles["row"]}>
        {COLUMNS.map((column) => (
          // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above
          <span key={column} role="columnheader" className={styles[column]}>
            {words[column]}
          </span>
        ))}
      </div>
    </div>
  );
}

interface JobRowProps {
  readonly job: Job;
  readonly index: number;
  /** In px, within the body. */
  readonly top: number;
  /** ms since the epoch. */
  readonly now: number;
}

function JobRow({ job, index, top, now }: JobRowProps) {
  const { never } = useDeskMessages();
  const { code } = useLanguage();
  const { waitedMs, ranMs, ageMs } = jobTimes(job, now);
  const spanOf = (ms: number | undefined) => (ms === undefined ? never : formatSpan(ms, code));
  const tags = Object.entries(job.tags).map(([name, value]) => `${name}=${value}`);
  const cells: Readonly<Record<(typeof COLUMNS)[number], ReactNode>> = {
    file: (
      <Link to="/jobs/$jobId" params={{ jobId: job.job_id }} className={styles["link"]} title={titleOf(job)}>
        {job.input.filename === "" ? job.job_id : job.input.filename}
      </Link>
    ),
    processor: job.processor,
    state: <StateMark job={job} />,
    attempt: job.attempt === 0 ? never : `${job.attempt}/${job.max_attempts}`,
    waited: spanOf(waitedMs),
    ran: spanOf(ranMs),
    worker: job.worker === undefined ? never : <WorkerName id={job.worker} />,
    tags: tags.length === 0 ? never : tags.join(" "),
    tenant: job.tenant ?? "default",
    age: formatAge(ageMs),
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above
    <div
      role="row"
      aria-rowindex={index + 2}
      className={styles["row"]}
      style={{ transform: `translateY(${top}px)` }}
    >
      {COLUMNS.map((column) => (
        // biome-ignore lint/a11y/useSemanticElements: as above
        <span key={column} role="cell" className={styles[column]}>
          {cells[column]}
        </span>
      ))}
    </div>
  );
}

/** What a pointer that rests on a row is told: what the columns cut off. */
function titleOf({ input, error, tags, worker, created_at }: Job): string {
  const shownTags = Object.entries(tags).map(([name, value]) => `${name}=${value}`);
  const failure = error === null ? [] : [`${error.code}: ${error.message}`];
  return [
    input.filename,
    ...failure,
    ...shownTags,
    ...(worker === undefined ? [] : [worker]),
    created_at,
  ].join("\n");
}
