import { useSyncExternalStore } from "react";
import { useMessages } from "../i18n/language.js";
import { Icon } from "./icon.js";
import styles from "./problem-note.module.css";

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
