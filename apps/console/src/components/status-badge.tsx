import { useMessages } from "../i18n/language.js";
import styles from "./status-badge.module.css";

/** A job's status as a word with a colour; a status that this version does not know is shown as it is. */
export function StatusBadge({ status }: { readonly status: string }) {
  const { job } = useMessages();
  return (
    <span className={styles["badge"]} data-status={status}>
      {job.status[status] ?? status}
    </span>
  );
}
