import type { Processor } from "@drover/client";
import { Link } from "@tanstack/react-router";
import { formatSize } from "../i18n/formats.js";
import { useLanguage } from "../i18n/language.js";
import { takesAnything } from "../jobs/fitting-processors.js";
import { processorTitle } from "../jobs/processor-title.js";
import styles from "./processor-card.module.css";

/** What a processor takes and gives, as a link to its page. */
export function ProcessorCard({ processor }: { readonly processor: Processor }) {
  const { code, messages } = useLanguage();
  const { home } = messages;
  const { accepts, limits, name, description, workers } = processor;
  return (
    <Link to="/p/$processor" params={{ processor: name }} className={styles["card"]}>
      <h3 className={styles["title"]}>{processorTitle(name)}</h3>
      <p className={styles["description"]}>{description}</p>
      <p className={styles["takes"]}>
        <span className="visually-hidden">{home.takes}: </span>
        {takesAnything(processor)
          ? home.takesAnything
          : (accepts.extensions.length > 0 ? accepts.extensions : accepts.media_types).join(" ")}
        {" · "}
        {home.upTo(formatSize(limits.max_input_bytes, code))}
      </p>
      {workers === 0 && <p className={styles["idle"]}>{home.noWorker}</p>}
    </Link>
  );
}
