import { Button, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { drover } from "../api/drover.js";
import { useCaller } from "../api/use-caller.js";
import { Icon } from "../components/icon.js";
import { Notice, ProblemNote } from "../components/notice.js";
import { FollowedRow, OwnJobRow, type RowJob } from "../components/own-job-rows.js";
import rows from "../components/own-job-rows.module.css";
import { usePageTitle } from "../components/page-title.js";
import { useMessages } from "../i18n/language.js";
import { useOwnJobs } from "../jobs/own-jobs.js";
import styles from "./my-jobs-page.module.css";

/** The jobs of the person who looks: those of the key, or without one those of this browser. */
export function MyJobsPage() {
  const { myJobs } = useMessages();
  usePageTitle(myJobs.title);
  const caller = useCaller();
  const [search, setSearch] = useState("");
  const text = useDeferredValue(search.trim());
  if (caller.kind !== "known") return null;
  const hasKey = caller.keyId !== null;
  return (
    <div className={styles["page"]}>
      <header>
        <h1 className={styles["title"]}>{myJobs.title}</h1>
        <p className={styles["text"]}>{hasKey ? myJobs.byKey : myJobs.inBrowser}</p>
      </header>
      <TextInput
        type="search"
        aria-label={myJobs.search}
        placeholder={myJobs.search}
        size="md"
        leftSection={<Icon name="search" />}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      {hasKey ? <KeyJobs tenant={caller.tenant} text={text} /> : <BrowserJobs text={text} />}
    </div>
  );
}

function BrowserJobs({ text }: { readonly text: string }) {
  const jobs = useOwnJobs();
  const wanted = text.toLowerCase();
  const found = jobs.filter((job) =>
    [job.filename, job.jobId, job.processor].some((member) => member.toLowerCase().includes(wanted)),
  );
  if (found.length === 0) return <NoJobs text={jobs.length === 0 ? "" : text} />;
  return (
    <ul className={`${rows["rows"]} card`}>
      {found.map((job) => (
        <li key={job.jobId}>
          <FollowedRow job={job} />
        </li>
      ))}
    </ul>
  );
}

const PAGE = 30;
const POLL_MS = 5_000;

function KeyJobs({ tenant, text }: { readonly tenant: string; readonly text: string }) {
  const { myJobs } = useMessages();
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ["my jobs", tenant, text],
    queryFn: ({ pageParam, signal }) =>
      drover.list(
        {
          ...{ tenant, limit: PAGE },
          ...(text === "" ? {} : { q: text }),
          ...(pageParam === null ? {} : { cursor: pageParam }),
        },
        { signal },
      ),
    initialPageParam: null as string | null, // the type of what follows
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: POLL_MS,
  });
  if (error !== null) return <ProblemNote error={error} />;
  if (data === undefined) return null;
  const jobs = data.pages.flatMap((page) => page.jobs);
  if (jobs.length === 0) return <NoJobs text={text} />;
  return (
    <>
      <ul className={`${rows["rows"]} card`}>
        {jobs.map((job) => (
          <li key={job.job_id}>
            <OwnJobRow job={rowOf(job)} />
          </li>
        ))}
      </ul>
      {hasNextPage && (
        <Button variant="default" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>
          {myJobs.more}
        </Button>
      )}
    </>
  );
}

function rowOf(job: Awaited<ReturnType<typeof drover.get>>): RowJob {
  return {
    ...{ jobId: job.job_id, processor: job.processor, filename: job.input.filename },
    ...{ createdAt: Date.parse(job.created_at), status: job.status, progress: job.progress },
  };
}

function NoJobs({ text }: { readonly text: string }) {
  const { myJobs } = useMessages();
  if (text !== "") return <p className={styles["text"]}>{myJobs.nothingFound(text)}</p>;
  return <Notice icon="files" title={myJobs.noneTitle} text={myJobs.noneText} level={2} />;
}
