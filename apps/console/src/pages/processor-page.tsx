import { ProblemError, type Processor } from "@drover/client";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useProcessor, useProcessors } from "../api/catalogue-queries.js";
import { useCaller } from "../api/use-caller.js";
import { MissingPage, Notice, ProblemNote } from "../components/notice.js";
import { usePageTitle } from "../components/page-title.js";
import { StartForm } from "../components/start-form.js";
import { UploadList } from "../components/upload-list.js";
import { useMessages } from "../i18n/language.js";
import { fittingProcessors, processorTitle } from "../jobs/fitting-processors.js";
import { uploads, useUploads } from "../uploads/page-uploads.js";
import { stagedFiles, useStagedFiles } from "../uploads/staged-files.js";
import styles from "./processor-page.module.css";

/** Send files to one processor, and see them on their way. */
export function ProcessorPage() {
  const { processor: name } = useParams({ from: "/p/$processor" });
  const { isPending, error } = useProcessors();
  const processor = useProcessor(name);
  const caller = useCaller();
  const { signIn } = useMessages();
  if (caller.kind === "known" && !caller.maySubmit)
    return <Notice icon="key" title={signIn.noSubmitTitle} text={signIn.noSubmitText} />;
  if (processor === undefined && error !== null) return <ProblemNote error={error} />;
  if (isPending) return null;
  return processor === undefined ? <MissingPage /> : <ProcessorView processor={processor} key={name} />;
}

function ProcessorView({ processor }: { readonly processor: Processor }) {
  const [startedHere, setStartedHere] = useState<readonly string[]>([]);
  const refusal = useRefusedParams(startedHere);
  useJumpToJob(startedHere);
  const own = useUploads().filter((each) => each.processor === processor.name);
  const title = processorTitle(processor.name);
  usePageTitle(title);
  return (
    <div className={styles["page"]}>
      <header>
        <h1 className={styles["title"]}>{title}</h1>
        <p className={styles["text"]}>{processor.description}</p>
      </header>
      <StartForm
        processor={processor}
        refusal={refusal}
        onStart={(files, params) => setStartedHere(uploads.start(processor.name, files, params))}
      />
      <UploadList submissions={own} />
      <OtherProcessors than={processor} />
    </div>
  );
}

/** Goes to the job of a file that was started alone, once it is one. */
function useJumpToJob(started: readonly string[]): void {
  const navigate = useNavigate();
  const all = useUploads();
  const [only] = started.length === 1 ? started : [];
  const state = all.find(({ id }) => id === only)?.state;
  const jobId = state?.kind === "accepted" ? state.jobId : undefined;
  useEffect(() => {
    if (jobId === undefined || only === undefined) return;
    void navigate({ to: "/my-jobs/$jobId", params: { jobId } });
  }, [jobId, only, navigate]);
}

/**
 * What was refused for its params goes back to the files that were chosen.
 * @returns the refusal, until the next start.
 */
function useRefusedParams(started: readonly string[]): unknown {
  const all = useUploads();
  const [refusal, setRefusal] = useState<{ readonly of: readonly string[]; readonly error: unknown }>();
  useEffect(() => {
    for (const { id, file, state } of all) {
      if (!started.includes(id) || state.kind !== "refused" || !isAboutParams(state.error)) continue;
      uploads.dismiss(id);
      stagedFiles.add([file]);
      setRefusal({ of: started, error: state.error });
    }
  }, [all, started]);
  return refusal?.of === started ? refusal.error : undefined;
}

function isAboutParams(error: unknown): boolean {
  return error instanceof ProblemError && error.code === "invalid_params";
}

/** What else could be done with the files that were chosen; they go along. */
function OtherProcessors({ than }: { readonly than: Processor }) {
  const { form } = useMessages();
  const { data: processors = [] } = useProcessors();
  const staged = useStagedFiles();
  const others = fittingProcessors(processors, staged).filter(({ name }) => name !== than.name);
  if (staged.length === 0 || others.length === 0) return null;
  return (
    <p className={styles["others"]}>
      {form.insteadUse}{" "}
      {others.map(({ name }, index) => (
        <span key={name}>
          {index > 0 && ", "}
          <Link to="/p/$processor" params={{ processor: name }}>
            {processorTitle(name)}
          </Link>
        </span>
      ))}
    </p>
  );
}
