import type { Job } from "@drover/client";
import { useMessages } from "../i18n/language.js";
import { Icon } from "./icon.js";
import styles from "./job-failure.module.css";

/** Why a job failed, in the reader's words and the processor's, and what can be done. */
export function JobFailure({ job }: { readonly job: Job }) {
  const { failures, retry } = useMessages();
  const { code = "", message = "" } = job.error ?? {};
  const known = failures[code];
  return (
    <section className={styles["failure"]}>
      <span className={styles["icon"]}>
        <Icon name="alert" size={24} />
      </span>
      <div className={styles["words"]}>
        <h2 className={styles["title"]}>{known?.title ?? retry.failedTitle}</h2>
        <p className={styles["message"]}>{message}</p>
        {known !== undefined && <p className={styles["advice"]}>{known.advice}</p>}
      </div>
    </section>
  );
}
