import type { Artifact, Job } from "@drover/client";
import { Button } from "@mantine/core";
import { formatDuration, formatSize } from "../i18n/formats.js";
import { useLanguage } from "../i18n/language.js";
import { ArtifactList } from "./artifact-list.js";
import { Icon } from "./icon.js";
import styles from "./job-result.module.css";
import { ResultSummary } from "./result-summary.js";

/** What a completed job made: the main file first, then each of them, and the result in short. */
export function JobResult({ job }: { readonly job: Job }) {
  const { code, messages } = useLanguage();
  const { result, job: words } = messages;
  const { artifacts, started_at, completed_at } = job;
  const tookMs = Date.parse(completed_at ?? "") - Date.parse(started_at ?? "");
  return (
    <>
      <section className={`${styles["ready"]} card`}>
        <span className={styles["icon"]}>
          <Icon name="check" size={26} />
        </span>
        <div className={styles["words"]}>
          <h2 className={styles["title"]} role="status">
            {result.title}
          </h2>
          <p className={styles["took"]}>
            {artifacts.length === 0 && `${result.nothing} `}
            {Number.isFinite(tookMs) && words.took(formatDuration(tookMs))}
          </p>
        </div>
        {artifacts.length > 0 && (
          <Button
            component="a"
            href={job.links.download}
            download
            size="lg"
            leftSection={<Icon name="download" />}
            className={styles["main"] ?? ""}
          >
            {result.download}
          </Button>
        )}
      </section>
      {artifacts.length > 0 && (
        <section aria-labelledby="files">
          <div className={styles["files"]}>
            <h2 className={styles["section"]} id="files">
              {result.files}
            </h2>
            {artifacts.length > 1 && (
              <a href={`/api/jobs/${job.job_id}/archive`} download>
                {result.archive} ({formatSize(totalOf(artifacts), code)})
              </a>
            )}
          </div>
          <ArtifactList jobId={job.job_id} artifacts={artifacts} />
        </section>
      )}
      <ResultSummary result={job.result} />
    </>
  );
}

function totalOf(artifacts: readonly Artifact[]): number {
  return artifacts.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
}
