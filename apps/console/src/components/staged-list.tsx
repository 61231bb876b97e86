import type { Processor } from "@drover/client";
import { formatSize } from "../i18n/formats.js";
import { useLanguage } from "../i18n/language.js";
import { accepts } from "../jobs/fitting-processors.js";
import { stagedFiles } from "../uploads/staged-files.js";
import styles from "./file-rows.module.css";
import { Icon } from "./icon.js";

interface StagedListProps {
  readonly processor: Processor;
  readonly files: readonly File[];
}

/** The files that were chosen, each with what speaks against it. */
export function StagedList({ processor, files }: StagedListProps) {
  const { code, messages } = useLanguage();
  const { drop } = messages;
  return (
    <ul className={styles["rows"]} aria-label={drop.files}>
      {files.map((file) => (
        <li className={styles["row"]} key={`${file.name} ${file.size} ${file.lastModified}`}>
          <span className={styles["icon"]}>
            <Icon name="file" size={24} />
          </span>
          <div className={styles["what"]}>
            <p className={styles["name"]}>{file.name}</p>
            <p className={styles["detail"]}>{formatSize(file.size, code)}</p>
            <Objection processor={processor} file={file} />
          </div>
          <button
            type="button"
            className="icon-button"
            aria-label={drop.remove(file.name)}
            onClick={() => stagedFiles.remove(file)}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Said before anything is sent; the server has the last word. */
function Objection({ processor, file }: { readonly processor: Processor; readonly file: File }) {
  const { code, messages } = useLanguage();
  const { drop } = messages;
  const limit = processor.limits.max_input_bytes;
  const objection =
    file.size === 0
      ? drop.empty
      : file.size > limit
        ? drop.tooLarge(formatSize(limit, code))
        : accepts(processor, file)
          ? undefined
          : drop.notAccepted(processor.accepts.extensions.join(" "));
  return objection === undefined ? null : <p className={styles["bad"]}>{objection}</p>;
}
