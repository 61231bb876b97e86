import type { Processor } from "@drover/client";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useProcessors } from "../api/catalogue-queries.js";
import { DropZone } from "../components/drop-zone.js";
import { Notice, ProblemNote } from "../components/notice.js";
import { RecentJobs } from "../components/own-job-rows.js";
import card from "../components/processor-card.module.css";
import { formatSize } from "../i18n/formats.js";
import { useLanguage, useMessages } from "../i18n/language.js";
import { fittingProcessors, processorTitle, takesAnything } from "../jobs/fitting-processors.js";
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
          {fittingProcessors(processors ?? [], []).map((processor) => (
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

/** What a processor takes and gives, as a link to its page. */
function ProcessorCard({ processor }: { readonly processor: Processor }) {
  const { locale, messages } = useLanguage();
  const { home } = messages;
  const { accepts, limits, name, description, workers } = processor;
  return (
    <Link to="/p/$processor" params={{ processor: name }} className={card["card"]}>
      <h3 className={card["title"]}>{processorTitle(name)}</h3>
      <p className={card["description"]}>{description}</p>
      <p className={card["takes"]}>
        <span className="visually-hidden">{home.takes}: </span>
        {takesAnything(processor)
          ? home.takesAnything
          : (accepts.extensions.length > 0 ? accepts.extensions : accepts.media_types).join(" ")}
        {" · "}
        {home.upTo(formatSize(limits.max_input_bytes, locale))}
      </p>
      {workers === 0 && <p className={card["idle"]}>{home.noWorker}</p>}
    </Link>
  );
}
