import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useProcessors } from "../api/catalogue-queries.js";
import { DropZone } from "../components/drop-zone.js";
import { Notice } from "../components/notice.js";
import { ProblemNote } from "../components/problem-note.js";
import { ProcessorCard } from "../components/processor-card.js";
import { RecentJobs } from "../components/recent-jobs.js";
import { useMessages } from "../i18n/language.js";
import { fittingProcessors } from "../jobs/fitting-processors.js";
import { stagedFiles } from "../uploads/staged-files.js";
import styles from "./home-page.module.css";

/** The first page: drop a file, or choose what to do. */
export function HomePage() {
  const { home } = useMessages();
  const { data: processors, error } = useProcessors();
  if (processors?.length === 0) return <Notice icon="clock" title={home.noneTitle} text={home.noneText} />;
  return (
    <div className={styles["page"]}>
      <header className={styles["head"]}>
        <h1 className={styles["title"]}>{home.title}</h1>
        <p className={styles["text"]}>{home.text}</p>
      </header>
      <HomeDrop />
      {error !== null && <ProblemNote error={error} />}
      <section aria-labelledby="processors">
        <h2 className={styles["section"]} id="processors">
          {home.processors}
        </h2>
        <ul className={styles["cards"]}>
          {processors?.map((processor) => (
            <li key={processor.name}>
              <ProcessorCard processor={processor} />
            </li>
          ))}
        </ul>
      </section>
      <RecentJobs />
    </div>
  );
}

/** Leads files to the page of the processor that fits them best. */
function HomeDrop() {
  const { home } = useMessages();
  const { data: processors = [] } = useProcessors();
  const navigate = useNavigate();
  const [unfit, setUnfit] = useState<string>();
  const take = (files: readonly File[]) => {
    const [best] = fittingProcessors(processors, files);
    setUnfit(best === undefined ? files[0]?.name : undefined);
    if (best === undefined) return;
    stagedFiles.clear();
    stagedFiles.add(files);
    void navigate({ to: "/p/$processor", params: { processor: best.name } });
  };
  return (
    <div>
      <DropZone onFiles={take} />
      {unfit !== undefined && (
        <p className={styles["unfit"]} role="alert">
          {home.nothingFits(unfit)}
        </p>
      )}
    </div>
  );
}
