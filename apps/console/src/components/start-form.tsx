import type { Processor } from "@drover/client";
import { Button } from "@mantine/core";
import { type FormEvent, useMemo, useState } from "react";
import { useMessages } from "../i18n/language.js";
import { type FormValues, fieldsOf, type Params, paramsOf } from "../params/param-fields.js";
import { paramProblems } from "../params/param-problems.js";
import { stagedFiles, useStagedFiles } from "../uploads/staged-files.js";
import { DropZone } from "./drop-zone.js";
import { OptionsPanel } from "./options-panel.js";
import { StagedList } from "./staged-list.js";
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
