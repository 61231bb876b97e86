import { type DragEvent, useId, useState } from "react";
import { useMessages } from "../i18n/language.js";
import styles from "./drop-zone.module.css";
import { Icon } from "./icon.js";

interface DropZoneProps {
  readonly onFiles: (files: readonly File[]) => void;
  /** Endings that the file chooser offers first; none for any file. */
  readonly endings?: readonly string[];
  /** Small, below a list of files that are there already. */
  readonly isSmall?: boolean;
}

/** Takes files that are dropped on it, or chosen by mouse or keyboard: it is a file input with a large label. */
export function DropZone({ onFiles, endings = [], isSmall = false }: DropZoneProps) {
  const { drop } = useMessages();
  const id = useId();
  const [isOver, setIsOver] = useState(false);
  const prevent = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(event.type === "dragover" || event.type === "dragenter");
  };
  const takeDropped = (event: DragEvent) => {
    prevent(event);
    const files = [...event.dataTransfer.files];
    if (files.length > 0) onFiles(files);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for several inputs
    <div
      role="group"
      aria-label={drop.files}
      className={styles["zone"]}
      data-over={isOver}
      data-small={isSmall}
      onDragEnter={prevent}
      onDragOver={prevent}
      onDragLeave={prevent}
      onDrop={takeDropped}
    >
      <input
        id={id}
        className={styles["input"]}
        type="file"
        multiple
        accept={endings.length === 0 ? undefined : endings.join(",")}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = ""; // the same file can be chosen again
          if (files.length > 0) onFiles(files);
        }}
      />
      <label className={styles["label"]} htmlFor={id}>
        <span className={styles["icon"]}>
          <Icon name="upload" size={isSmall ? 20 : 30} />
        </span>
        {isSmall ? (
          <span>{isOver ? drop.active : drop.again}</span>
        ) : (
          <>
            <span className={styles["title"]}>{isOver ? drop.active : drop.oneOrMore}</span>
            <span className={styles["hint"]}>{drop.browse}</span>
          </>
        )}
      </label>
    </div>
  );
}
