import { useState } from "react";
import { Icon } from "../components/icon.js";
import { useDeskMessages } from "../i18n/desk-language.js";
import styles from "./copy-text.module.css";

/** How long it says that it was copied, in ms. */
const TOLD_MS = 1_500;

/** A long id or digest, cut off where there is no room, with what copies the whole of it. */
export function CopyText({ text }: { readonly text: string }) {
  const { job: words } = useDeskMessages();
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setIsCopied(true);
    setTimeout(() => setIsCopied(false), TOLD_MS);
  };
  const label = isCopied ? words.copied : words.copy;
  return (
    <span className={styles["copy"]}>
      <code className={styles["text"]} title={text}>
        {text}
      </code>
      {navigator.clipboard !== undefined && (
        <button
          type="button"
          className={styles["button"]}
          aria-label={`${label}: ${text}`}
          title={label}
          onClick={copy}
        >
          <Icon name={isCopied ? "check" : "files"} size={16} />
        </button>
      )}
    </span>
  );
}
