import { createClient } from "@drover/client";
import { DropZone, DroverProvider, useJob } from "@drover/react";
import { useState } from "react";
import { createRoot } from "react-dom/client";

const baseUrl = new URLSearchParams(location.search).get("drover") ?? "http://127.0.0.1:8000";
const client = createClient({ baseUrl });

/** A zone, and beside it what the page itself makes of the job. */
function Checksums() {
  const [jobId, setJobId] = useState<string>();
  const { job, error, isEnded } = useJob(jobId);
  return (
    <>
      <h1>Checksums</h1>
      <DropZone processor="checksum" onSubmit={({ job_id }) => setJobId(job_id)}>
        Drop any file to have its checksums made
      </DropZone>
      {error !== undefined && <p role="alert">{error.message}</p>}
      {isEnded && <pre>{JSON.stringify(job?.result, null, 2)}</pre>}
    </>
  );
}

createRoot(document.querySelector("main") as HTMLElement).render(
  <DroverProvider client={client}>
    <Checksums />
  </DroverProvider>,
);
