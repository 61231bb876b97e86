import type { Artifact, Job } from "@drover/client";
import { Button } from "@mantine/core";
import { formatDuration, formatNumber, formatSize } from "../i18n/formats.js";
import { useLanguage, useMessages } from "../i18n/language.js";
import { ArtifactList } from "./artifact-list.js";
import { Icon } from "./icon.js";
import styles from "./job-outcome.module.css";

/** What a completed job made: the main file first, then each of them, and the result in short. */
export function JobResult({ job }: { readonly job: Job }) {
  const { locale, messages } = useLanguage();
  const { result, job: words } = messages;
  const { artifacts, started_at, completed_at } = job;
  const tookMs = Date.parse(completed_at ?? "") - Date.parse(started_at ?? "");
  return (
    <>
      <section className={`${styles["ready"]} card`}>
        <span className={styles["icon"]}>
          <Icon name="check" size={26} />
        </span>
        <div className={styles["words"]} role="status">
          <h2 className={styles["title"]}>{result.title}</h2>
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
          <div className="section-head">
            <h2 className={styles["section"]} id="files">
              {result.files}
            </h2>
            {artifacts.length > 1 && (
              <a href={`/api/jobs/${job.job_id}/archive`} download>
                {result.archive} ({formatSize(totalOf(artifacts), locale)})
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

/** So many figures are shown; the whole result is what the job's details and files are for. */
const SHOWN = 12;

/** The plain members of a result (texts, numbers, yes and no) as a list; nothing for a result without any. */
function ResultSummary({ result }: { readonly result: unknown }) {
  const { locale, messages } = useLanguage();
  const words = messages.result;
  const figures = plainMembers(result);
  if (figures.length === 0) return null;
  const textOf = (value: string | number | boolean) => {
    if (typeof value === "boolean") return value ? words.yes : words.no;
    return typeof value === "number" ? formatNumber(value, locale) : value;
  };
  return (
    <section aria-labelledby="summary">
      <h2 className={styles["section"]} id="summary">
        {words.summary}
      </h2>
      <dl className={`${styles["figures"]} card`}>
        {figures.slice(0, SHOWN).map(([name, value]) => (
          <div className={styles["figure"]} key={name}>
            <dt className={styles["figureName"]}>{name.replaceAll("_", " ")}</dt>
            <dd className={styles["figureValue"]}>{textOf(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function plainMembers(result: unknown): readonly (readonly [string, string | number | boolean])[] {
  if (typeof result !== "object" || result === null || Array.isArray(result)) return [];
  return Object.entries(result).filter(
    (entry): entry is [string, string | number | boolean] =>
      ["string", "number", "boolean"].includes(typeof entry[1]) && String(entry[1]).length <= 200,
  );
}

/** Why a job failed, in the reader's words and the processor's, and what can be done. */
export function JobFailure({ job }: { readonly job: Job }) {
  const { failures, retry } = useMessages();
  const { code = "", message = "" } = job.error ?? {};
  const known = failures[code];
  return (
    <section className={styles["failure"]}>
      <span className={styles["badIcon"]}>
        <Icon name="alert" size={24} />
      </span>
      <div className={styles["failureWords"]}>
        <h2 className={styles["failureTitle"]}>{known?.title ?? retry.failedTitle}</h2>
        <p className={styles["message"]}>{message}</p>
        {known !== undefined && <p className={styles["advice"]}>{known.advice}</p>}
      </div>
    </section>
  );
}
