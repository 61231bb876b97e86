import { ProblemError } from "@drover/client";
import { useSyncExternalStore } from "react";
import { useMessages } from "../i18n/language.js";
import { Icon } from "./icon.js";
import styles from "./problem-note.module.css";

/** What went wrong with a request, in the reader's words, with what the server said to it. */
export function ProblemNote({ error }: { readonly error: unknown }) {
  const { problems, problemId } = useMessages();
  const isRefusal = error instanceof ProblemError;
  const title = problems[isRefusal ? error.code : "unreachable"] ?? problems["other"];
  return (
    <div className={styles["note"]} role="alert">
      <Icon name="alert" />
      <div>
        <p className={styles["title"]}>{title}</p>
        {isRefusal && <p className={styles["detail"]}>{error.message}</p>}
        {isRefusal && error.status >= 500 && error.problem.request_id !== undefined && (
          <p className={styles["detail"]}>{problemId(error.problem.request_id)}</p>
        )}
      </div>
    </div>
  );
}

/** Says so while the browser has no network; uploads and followed jobs go on by themselves after it. */
export function OfflineNote() {
  const { shell } = useMessages();
  const isOnline = useSyncExternalStore(subscribe, () => navigator.onLine);
  return (
    <div role="status">
      {!isOnline && (
        <p className={`${styles["note"]} ${styles["offline"]}`}>
          <Icon name="alert" />
          {shell.offline}
        </p>
      )}
    </div>
  );
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("online", listener);
  window.addEventListener("offline", listener);
  return () => {
    window.removeEventListener("online", listener);
    window.removeEventListener("offline", listener);
  };
}
