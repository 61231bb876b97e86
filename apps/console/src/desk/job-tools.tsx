import type { Job } from "@drover/client";
import { Button } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ProblemNote } from "../components/problem-note.js";
import { useDeskMessages } from "../i18n/desk-language.js";
import { isTerminal } from "../jobs/job-status.js";
import { useJobAct } from "./desk-job-queries.js";
import styles from "./job-tools.module.css";

/** What an operator can do with one job, and the way to all that failed like it. */
export function JobTools({ job }: { readonly job: Job }) {
  const { job: words } = useDeskMessages();
  const act = useJobAct(job.job_id);
  const { status, processor, error } = job;
  const mayRetry = status === "failed" || status === "cancelled";
  return (
    <div className={styles["tools"]}>
      {mayRetry && (
        <Button size="sm" disabled={act.isPending} onClick={() => act.mutate("retry")}>
          {words.retry}
        </Button>
      )}
      {error !== null && (
        <Link to="/jobs" search={{ status: "failed", processor, q: error.code }} className={styles["like"]}>
          {words.likeIt}
        </Link>
      )}
      {!isTerminal(job) && (
        <Button size="sm" variant="default" disabled={act.isPending} onClick={() => act.mutate("cancel")}>
          {words.cancel}
        </Button>
      )}
      {isTerminal(job) && <RemoveButton act={act} />}
      {act.error !== null && <ProblemNote error={act.error} />}
    </div>
  );
}

/** Asks once more before it deletes. */
function RemoveButton({ act }: { readonly act: ReturnType<typeof useJobAct> }) {
  const { job: words } = useDeskMessages();
  const navigate = useNavigate();
  const [isAsked, setIsAsked] = useState(false);
  const press = async () => {
    if (!isAsked) return setIsAsked(true);
    await act.mutateAsync("remove").then(
      () => navigate({ to: "/jobs" }),
      () => {}, // shown beside
    );
  };
  return (
    <Button
      size="sm"
      variant="default"
      className={styles["remove"] ?? ""}
      disabled={act.isPending}
      onClick={press}
    >
      {isAsked ? words.removeSure : words.remove}
    </Button>
  );
}
