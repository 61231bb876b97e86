import type { Processor } from "@drover/client";
import { Link } from "@tanstack/react-router";
import { useProcessors } from "../api/catalogue-queries.js";
import { useMessages } from "../i18n/language.js";
import { fittingProcessors } from "../jobs/fitting-processors.js";
import { processorTitle } from "../jobs/processor-title.js";
import { useStagedFiles } from "../uploads/staged-files.js";
import styles from "./start-form.module.css";

/** What else could be done with the files that were chosen; they go along. */
export function OtherProcessors({ than }: { readonly than: Processor }) {
  const { form } = useMessages();
  const { data: processors = [] } = useProcessors();
  const staged = useStagedFiles();
  const others = fittingProcessors(processors, staged).filter(({ name }) => name !== than.name);
  if (staged.length === 0 || others.length === 0) return null;
  return (
    <p className={styles["others"]}>
      {form.insteadUse}{" "}
      {others.map(({ name }, index) => (
        <span key={name}>
          {index > 0 && ", "}
          <Link to="/p/$processor" params={{ processor: name }}>
            {processorTitle(name)}
          </Link>
        </span>
      ))}
    </p>
  );
}
