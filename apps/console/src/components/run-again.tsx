import type { Job, Processor } from "@drover/client";
import { Button } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useMemo, useState } from "react";
import { useProcessor } from "../api/catalogue-queries.js";
import { useRetry } from "../api/job-queries.js";
import { useMessages } from "../i18n/language.js";
import { isTerminal } from "../jobs/job-status.js";
import { type FormValues, fieldsOf, paramProblems, paramsOf, valuesOf } from "../params/param-fields.js";
import { uploads } from "../uploads/page-uploads.js";
import { stagedFiles } from "../uploads/staged-files.js";
import { Icon } from "./icon.js";
import { ProblemNote } from "./notice.js";
import { OptionsPanel } from "./options-panel.js";
import styles from "./run-again.module.css";

/**
 * Runs an ended job again with other options. A failed or cancelled one from the file that the server keeps; for
 * a completed one the file of this tab is sent again, where it is there.
 */
export function RunAgain({ job }: { readonly job: Job }) {
  const processor = useProcessor(job.processor);
  if (processor === undefined || !isTerminal(job)) return null;
  if (job.status !== "completed") return <RetryForm job={job} processor={processor} />;
  const file = uploads.fileOf(job.job_id);
  return file === undefined ? null : <SendAgain job={job} file={file} />;
}

function RetryForm({ job, processor }: { readonly job: Job; readonly processor: Processor }) {
  const { retry: words } = useMessages();
  const retry = useRetry(job.job_id);
  const fields = useMemo(() => fieldsOf(processor.params_schema), [processor.params_schema]);
  const [values, setValues] = useState<FormValues>(() => valuesOf(fields, job.params));
  const problems = paramProblems(
    retry.error,
    fields.map(({ name }) => name),
  );
  const run = (event: FormEvent) => {
    event.preventDefault();
    retry.mutate(paramsOf(fields, values));
  };
  return (
    <form className={styles["form"]} onSubmit={run}>
      {fields.length > 0 && (
        <OptionsPanel fields={fields} values={values} onChange={setValues} problems={problems} />
      )}
      <div className={styles["row"]}>
        <Button type="submit" loading={retry.isPending} leftSection={<Icon name="retry" />}>
          {words.again}
        </Button>
        <span className={styles["note"]}>{words.kept}</span>
      </div>
      {retry.error !== null && problems === undefined && <ProblemNote error={retry.error} />}
    </form>
  );
}

function SendAgain({ job, file }: { readonly job: Job; readonly file: File }) {
  const { retry: words } = useMessages();
  const navigate = useNavigate();
  const stage = () => {
    stagedFiles.clear();
    stagedFiles.add([file]);
    void navigate({ to: "/p/$processor", params: { processor: job.processor } });
  };
  return (
    <div className={styles["row"]}>
      <Button variant="default" leftSection={<Icon name="retry" />} onClick={stage}>
        {words.withOptions}
      </Button>
      <span className={styles["note"]}>{words.sendsAgain}</span>
    </div>
  );
}
