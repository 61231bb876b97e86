import type { Job } from "@drover/client";
import { expect, it } from "vitest";
import type { Sending } from "../src/uploads/submissions.js";
import { Submissions } from "../src/uploads/submissions.js";

/** Uploads that go on when the test says so. */
function controlled() {
  const sent: (Sending & {
    readonly end: (jobId: string) => void;
    readonly fail: (error: unknown) => void;
  })[] = [];
  const accepted: string[] = [];
  let ids = 0;
  const submissions = new Submissions({
    send: (sending) =>
      new Promise((resolve, reject) => {
        sending.signal.addEventListener("abort", () => reject(sending.signal.reason));
        sent.push({
          ...sending,
          end: (jobId) => resolve({ job_id: jobId } as Job), // all that is read of it
          fail: reject,
        });
      }),
    newId: () => `id-${++ids}`,
    onAccepted: ({ file }, jobId) => accepted.push(`${file.name} ${jobId}`),
  });
  return { submissions, sent, accepted };
}
const files = (...names: readonly string[]) => names.map((name) => new File(["abc"], name));
const settled = () => new Promise((resolve) => setTimeout(resolve));

it("two files are on their way at a time, each with a key of its own", async () => {
  const { submissions, sent, accepted } = controlled();
  submissions.start("checksum", files("a", "b", "c"), { x: 1 });
  expect(sent.map(({ file, idempotencyKey }) => `${file.name} ${idempotencyKey}`)).toEqual([
    "a id-1",
    "b id-2",
  ]);
  expect(submissions.all.map(({ state }) => state.kind)).toEqual(["sending", "sending", "waiting"]);
  sent[0]?.end("job-a");
  await settled();
  expect(sent.map(({ file }) => file.name)).toEqual(["a", "b", "c"]);
  expect(accepted).toEqual(["a job-a"]);
  expect(submissions.fileOf("job-a")?.name).toBe("a");
  expect(submissions.isBusy).toBe(true);
});

it("a line that was lost is told: the bytes begin again", () => {
  const { submissions, sent } = controlled();
  submissions.start("checksum", files("a"), {});
  sent[0]?.onProgress(80, 100);
  sent[0]?.onProgress(10, 100);
  expect(submissions.all[0]?.state).toEqual({ kind: "sending", sentBytes: 10, totalBytes: 100, tries: 2 });
});

it("a file that is taken back is stopped, and one that is refused says why", async () => {
  const { submissions, sent } = controlled();
  const [first = ""] = submissions.start("checksum", files("a", "b"), {});
  submissions.stop(first);
  sent[1]?.fail("no");
  await settled();
  expect(submissions.all.map(({ state }) => state)).toEqual([
    { kind: "stopped" },
    { kind: "refused", error: "no" },
  ]);
  submissions.dismiss(first);
  expect(submissions.all.map(({ file }) => file.name)).toEqual(["b"]);
  expect(submissions.isBusy).toBe(false);
});
