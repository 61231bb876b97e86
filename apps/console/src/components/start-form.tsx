import type { Processor } from "@drover/client";
import { Button } from "@mantine/core";
import { type FormEvent, useMemo, useState } from "react";
import { formatSize } from "../i18n/formats.js";
import { useLanguage, useMessages } from "../i18n/language.js";
import { accepts } from "../jobs/fitting-processors.js";
import { type FormValues, fieldsOf, type Params, paramProblems, paramsOf } from "../params/param-fields.js";
import { stagedFiles, useStagedFiles } from "../uploads/staged-files.js";
import { DropZone } from "./drop-zone.js";
import rows from "./file-rows.module.css";
import { Icon } from "./icon.js";
import { OptionsPanel } from "./options-panel.js";
import styles from "./start-form.module.css";

interface StartFormProps {
  readonly processor: Processor;
  /** Why the params of the last start were refused. */
  readonly refusal: unknown;
  readonly onStart: (files: readonly File[], params: Params) => void;
}

/** Files, options, and the button that starts a job for each file. */
export function StartForm({ processor, refusal, onStart }: StartFormProps) {
  const { form } = useMessages();
  const files = useStagedFiles();
  const fields = useMemo(() => fieldsOf(processor.params_schema), [processor.params_schema]);
  const [values, setValues] = useState<FormValues>({});
  const problems = paramProblems(
    refusal,
    fields.map(({ name }) => name),
  );
  const start = (event: FormEvent) => {
    event.preventDefault();
    if (files.length === 0) return;
    onStart(files, paramsOf(fields, values));
    stagedFiles.clear();
  };
  const endings = processor.accepts.extensions;
  if (files.length === 0) return <DropZone onFiles={stagedFiles.add} endings={endings} />;
  return (
    <form className={styles["form"]} onSubmit={start}>
      <StagedList processor={processor} files={files} />
      <DropZone onFiles={stagedFiles.add} endings={endings} isSmall />
      {problems !== undefined && (
        <p className={styles["wrong"]} role="alert">
          {form.isWrong}
        </p>
      )}
      {fields.length > 0 && (
        <OptionsPanel fields={fields} values={values} onChange={setValues} problems={problems} />
      )}
      <Button type="submit" size="lg" className={styles["start"] ?? ""}>
        {files.length === 1 ? form.start : form.startAll(files.length)}
      </Button>
    </form>
  );
}

interface StagedListProps {
  readonly processor: Processor;
  readonly files: readonly File[];
}

/** The files that were chosen, each with what speaks against it. */
function StagedList({ processor, files }: StagedListProps) {
  const { locale, messages } = useLanguage();
  const { drop } = messages;
  return (
    <ul className={rows["rows"]} aria-label={drop.files}>
      {files.map((file) => (
        <li className={rows["row"]} key={`${file.name} ${file.size} ${file.lastModified}`}>
          <span className={rows["icon"]}>
            <Icon name="file" size={24} />
          </span>
          <div className={rows["what"]}>
            <p className={rows["name"]}>{file.name}</p>
            <p className={rows["detail"]}>{formatSize(file.size, locale)}</p>
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
  const { locale, messages } = useLanguage();
  const { drop } = messages;
  const limit = processor.limits.max_input_bytes;
  const objection =
    file.size === 0
      ? drop.empty
      : file.size > limit
        ? drop.tooLarge(formatSize(limit, locale))
        : accepts(processor, file)
          ? undefined
          : drop.notAccepted(processor.accepts.extensions.join(" "));
  return objection === undefined ? null : <p className={rows["bad"]}>{objection}</p>;
}
