import { ProblemError } from "@drover/client";
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
