import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import { Notice } from "../components/notice.js";
import { ProblemNote } from "../components/problem-note.js";
import { BulkBar } from "../desk/bulk-bar.js";
import { DeskFrame } from "../desk/desk-frame.js";
import { JobFilters } from "../desk/job-filters.js";
import { changedSearch, type JobSearch } from "../desk/job-search.js";
import { JobTable } from "../desk/job-table.js";
import { useLiveJobs } from "../desk/use-live-jobs.js";
import { useDeskMessages } from "../i18n/desk-language.js";
import { formatNumber } from "../i18n/formats.js";
import { useLanguage } from "../i18n/language.js";
import styles from "./desk-jobs-page.module.css";

/** All jobs, for operators: found by what the address says, live, and acted on together. */
export function DeskJobsPage() {
  const { jobs: words } = useDeskMessages();
  const { code } = useLanguage();
  const search = useSearch({ from: "/desk/jobs" });
  const navigate = useNavigate();
  const { rows, isWhole, isReading, error, jobs } = useLiveJobs(search);
  const onMore = useCallback(() => void jobs.more(), [jobs]);
  const onChange = useCallback(
    (change: JobSearch) =>
      void navigate({ to: "/jobs", search: (now) => changedSearch(now, change), replace: true }),
    [navigate],
  );
  const isFiltered = Object.keys(search).length > 0;
  const count = words.shown(formatNumber(rows.length, code), isWhole);
  return (
    <DeskFrame title={words.title} aside={<p className={styles["count"]}>{rows.length > 0 && count}</p>}>
      <JobFilters search={search} onChange={onChange} />
      <div className={styles["tools"]}>
        {isFiltered && (
          <button
            type="button"
            className="text-button"
            onClick={() => void navigate({ to: "/jobs", search: {}, replace: true })}
          >
            {words.clear}
          </button>
        )}
        <BulkBar search={search} onDone={() => jobs.lookAgain()} />
      </div>
      {error !== null && <ProblemNote error={error} />}
      {rows.length > 0 && <JobTable rows={rows} isWhole={isWhole} onMore={onMore} />}
      {rows.length === 0 && !isWhole && error === null && <ReadOn isReading={isReading} onMore={onMore} />}
      {rows.length === 0 && isWhole && (
        <Notice
          icon="files"
          level={2}
          title={isFiltered ? words.nothingTitle : words.noneTitle}
          text={isFiltered ? words.nothingText : words.noneText}
        />
      )}
    </DeskFrame>
  );
}

/** Reads on where the first pages had no match: the api looks at some thousand jobs for each. */
function ReadOn({ isReading, onMore }: { readonly isReading: boolean; readonly onMore: () => void }) {
  const { jobs: words } = useDeskMessages();
  useEffect(() => {
    if (!isReading) onMore();
  }, [isReading, onMore]);
  return <p className={styles["count"]}>{words.reading}</p>;
}
