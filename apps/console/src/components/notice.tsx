import { ProblemError } from "@drover/client";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useSyncExternalStore } from "react";
import { useMessages } from "../i18n/language.js";
import { Icon, type IconName } from "./icon.js";
import styles from "./notice.module.css";
import notes from "./problem-note.module.css";

interface NoticeProps {
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
  /** Of its title; 2 on a page that has a title of its own. Default 1. */
  readonly level?: 1 | 2;
  /** What can be done about it. */
  readonly children?: ReactNode;
}

/** What a page says when it has nothing else to show. */
export function Notice({ icon, title, text, level = 1, children }: NoticeProps) {
  const Title = `h${level}` as const;
  return (
    <section className={styles["notice"]}>
      <span className={styles["icon"]}>
        <Icon name={icon} size={28} />
      </span>
      <Title className={styles["title"]}>{title}</Title>
      <p className={styles["text"]}>{text}</p>
      {children}
    </section>
  );
}

/** What went wrong with a request, in the reader's words, with what the server said to it. */
export function ProblemNote({ error }: { readonly error: unknown }) {
  const { problems, problemId } = useMessages();
  const isRefusal = error instanceof ProblemError;
  const title = problems[isRefusal ? error.code : "unreachable"] ?? problems["other"];
  return (
    <div className={notes["note"]} role="alert">
      <Icon name="alert" />
      <div>
        <p className={notes["title"]}>{title}</p>
        {isRefusal && <p className={notes["detail"]}>{error.message}</p>}
        {isRefusal && error.status >= 500 && error.problem.request_id !== undefined && (
          <p className={notes["detail"]}>{problemId(error.problem.request_id)}</p>
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
        <p className={`${notes["note"]} ${notes["offline"]}`}>
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

/** An address that no page has. */
export function MissingPage() {
  const { missing } = useMessages();
  return (
    <Notice icon="search" title={missing.title} text={missing.text}>
      <Link to="/">{missing.home}</Link>
    </Notice>
  );
}
