import { useState } from "react";
import { ProblemNote } from "../components/problem-note.js";
import { useDeskMessages } from "../i18n/desk-language.js";
import { useJobRecord } from "./desk-job-queries.js";
import styles from "./raw-record.module.css";

/** The job as the server keeps it, as JSON; read when it is opened, and each time anew. */
export function RawRecord({ jobId }: { readonly jobId: string }) {
  const { job: words } = useDeskMessages();
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details className="card" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary className={styles["summary"]}>
        {words.raw} <span className={styles["note"]}>{words.rawNote}</span>
      </summary>
      {isOpen && <RecordJson jobId={jobId} />}
    </details>
  );
}

function RecordJson({ jobId }: { readonly jobId: string }) {
  const { job: words } = useDeskMessages();
  const { data, error } = useJobRecord(jobId);
  if (error !== null) return <ProblemNote error={error} />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is to be reached by the keyboard
    <pre className={styles["json"]} tabIndex={0}>
      {JSON.stringify(data?.record, null, 2)}
    </pre>
  );
}
