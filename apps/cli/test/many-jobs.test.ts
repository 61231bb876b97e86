import { createClient, type Job } from "@drover/client";
import { expect, test } from "vitest";
import type { Context } from "../src/commands/context.js";
import { remove } from "../src/commands/delete-jobs.js";
import { retry } from "../src/commands/retry-jobs.js";
import { search } from "../src/commands/search.js";
import { watch } from "../src/commands/watch.js";
import { UsageError } from "../src/exit.js";
import { plain } from "../src/terminal/paint.js";
import { Screen } from "./fixtures.js";
import { idOf, jobServer } from "./job-server.js";

const DAY_MS = 86_400_000;

function contextOf(url: string): {
  readonly context: Context;
  readonly out: Screen;
  readonly remarks: Screen;
} {
  const out = new Screen({ isTTY: false });
  const remarks = new Screen({ isTTY: false });
  const streams = { out, remarks } as unknown as Pick<Context, "out" | "remarks">;
  const context = {
    client: createClient({ baseUrl: url }),
    ...streams,
    paint: { out: plain, remarks: plain },
  };
  return { context, out, remarks };
}

const many = (count: number, members: Partial<Job>) => Array.from({ length: count }, () => members);
const aged = (days: number) => ({ created_at: new Date(Date.now() - days * DAY_MS).toISOString() });

test("a search reads as many pages as its limit needs, and says that there are more", async () => {
  const { url, requests } = await jobServer(many(300, { status: "failed" }));
  const { context, out, remarks } = contextOf(url);
  const options = { limit: 250, status: "failed", processor: "checksum", tag: ["course=CS101"] } as const;
  expect(await search(context, "log", { ...options, createdAfter: "2026-01-31T08:00Z" })).toBe(0);
  expect(out.text.split("\n")).toHaveLength(251);
  expect(remarks.text).toContain("the newest 250");
  expect(requests).toHaveLength(2);
  const asked = new URL(requests[0]?.split(" ")[1] ?? "", url).searchParams;
  expect(Object.fromEntries(asked)).toEqual({
    ...{ status: "failed", processor: "checksum", "tag.course": "CS101", q: "log", limit: "200" },
    created_after: "2026-01-31T08:00:00.000Z",
  });
});

test("a search of fewer jobs than its limit says nothing of more, and JSON is one list", async () => {
  const { url } = await jobServer(many(3, {}), { page: 2 });
  const { context, out, remarks } = contextOf(url);
  await search(context, undefined, { limit: 3, json: true });
  expect(JSON.parse(out.text)).toHaveLength(3);
  expect(remarks.text).toBe("");
});

test.each([
  [
    { createdAfter: "soon" },
    '--created-after is a date, a time or an age, as 2026-01-31, 2026-01-31T08:00Z or 7d; got "soon".',
  ],
  [{ tag: ["course"] }, '--tag is name=value; got "course".'],
])("a wrong filter %j is told in a sentence", async (filter, sentence) => {
  const { context } = contextOf("http://127.0.0.1:1");
  await expect(search(context, undefined, { limit: 1, ...filter })).rejects.toThrow(sentence);
});

test("retry --all queues each failed job again, and lists those that were refused, with exit code 1", async () => {
  const made = [...many(30, { status: "failed" }), ...many(5, { status: "completed" })];
  const refusals = { [idOf(10)]: "input_expired" };
  const { url, requests } = await jobServer(made, { page: 7, refusals });
  const { context, out } = contextOf(url);
  expect(await retry(context, [], { all: true, failed: true })).toBe(1);
  expect(out.text).toBe(
    `Retried 29 jobs; 1 refused:\n  ${idOf(10)}  Refused: input_expired. (input_expired)\n`,
  );
  const retried = requests.filter((request) => request.startsWith("POST"));
  expect(new Set(retried).size).toBe(30);
});

test("retry --all of cancelled jobs leaves failed ones, and JSON tells both lists", async () => {
  const { url } = await jobServer([{ status: "cancelled" }, { status: "failed" }]);
  const { context, out } = contextOf(url);
  expect(await retry(context, [], { all: true, cancelled: true, json: true })).toBe(0);
  expect(JSON.parse(out.text)).toEqual({ retried: [idOf(2)], refused: [] });
});

test("a dry run shows the jobs and changes nothing", async () => {
  const { url, requests, jobs } = await jobServer(many(3, { status: "failed", ...aged(8) }));
  const { context, out } = contextOf(url);
  expect(await retry(context, [], { all: true, dryRun: true })).toBe(0);
  expect(await remove(context, [], { olderThan: "7d", dryRun: true })).toBe(0);
  expect(out.text).toMatch(/^Would retry 3:\n(.*failed.*\n){3}Would delete 3:\n(.*failed.*\n){3}$/);
  expect(requests.filter((request) => !request.startsWith("GET"))).toEqual([]);
  expect(jobs).toHaveLength(3);
});

test("delete --older-than deletes all finished jobs of that age, over pages that shift meanwhile", async () => {
  const finished = (["completed", "failed", "cancelled"] as const).flatMap((status) => [
    ...many(40, { status, ...aged(8) }),
    ...many(2, { status, ...aged(6) }),
  ]);
  const { url, jobs } = await jobServer([...finished, { status: "queued", ...aged(9) }], { page: 7 });
  const { context, out } = contextOf(url);
  expect(await remove(context, [], { olderThan: "7d", yes: true })).toBe(0);
  expect(out.text).toBe("Deleted 120 jobs.\n");
  expect(jobs.map(({ status }) => status).toSorted()).toEqual(
    ["completed", "failed", "cancelled"]
      .flatMap((status) => [status, status])
      .concat("queued")
      .toSorted(),
  );
});

test("a job that was retried between the list and its deletion stays", async () => {
  const { url, jobs } = await jobServer(many(2, { status: "failed", ...aged(8) }), {
    onRequest({ method, url: path }, all) {
      const job = all[0];
      if (method === "GET" && path === `/api/jobs/${idOf(2)}` && job) all[0] = { ...job, status: "running" };
    },
  });
  const { context, out } = contextOf(url);
  expect(await remove(context, [], { olderThan: "7d", yes: true })).toBe(1);
  expect(out.text).toBe(
    `Deleted 1 job; 1 refused:\n  ${idOf(2)}  It is running by now, and stays. (skipped)\n`,
  );
  expect(jobs.map(({ job_id }) => job_id)).toEqual([idOf(2)]);
});

test("without a terminal a deletion of many is refused until --yes says so, and named jobs are not asked for", async () => {
  const { url, jobs } = await jobServer(many(3, { status: "failed", ...aged(8) }));
  const { context } = contextOf(url);
  const asked = remove(context, [], { olderThan: "7d" });
  await expect(asked).rejects.toThrow("This deletes 3 jobs older than 7d, with files and results. Say --yes");
  expect(jobs).toHaveLength(3);
  expect(await remove(context, [idOf(1), idOf(2)], {})).toBe(0);
  expect(jobs).toHaveLength(1);
});

test.each<readonly [string, (context: Context) => Promise<number>]>([
  ["retry without ids or --all", (context) => retry(context, [], {})],
  ["retry of ids and --all", (context) => retry(context, [idOf(1)], { all: true })],
  ["retry with a filter and without --all", (context) => retry(context, [idOf(1)], { dryRun: true })],
  ["delete without ids or an age", (context) => remove(context, [], { status: "failed" })],
  ["delete of ids and an age", (context) => remove(context, [idOf(1)], { olderThan: "7d" })],
  ["delete by an age that is none", (context) => remove(context, [], { olderThan: "a week" })],
  ["watch of ids and a filter", (context) => watch(context, [idOf(1)], { processor: "x" })],
  ["watch of several into one output", (context) => watch(context, [idOf(1), idOf(2)], { output: "x" })],
])("%s is a wrong command, of which nothing is done", async (_, run) => {
  const { url, requests } = await jobServer(many(2, { status: "failed", ...aged(8) }));
  await expect(run(contextOf(url).context)).rejects.toBeInstanceOf(UsageError);
  expect(requests).toEqual([]);
});

test("a server that goes away ends the work, and what was done is told", async () => {
  let retries = 0;
  const { url } = await jobServer(many(100, { status: "failed" }), {
    onRequest({ method, socket }) {
      if (method === "POST" && ++retries > 50) socket.destroy();
    },
  });
  const { context, out } = contextOf(url);
  await expect(retry(context, [], { all: true })).rejects.toThrow("cannot be reached");
  expect(out.text).toMatch(/^Retried (4[3-9]|50) jobs\.\n$/);
});

test("several jobs are watched to the end of all; one that failed or is unknown makes the exit code 1", async () => {
  const { url } = await jobServer([{ status: "completed", progress: 100 }, { status: "failed" }]);
  const { context, out, remarks } = contextOf(url);
  expect(await watch(context, [idOf(1), idOf(2), idOf(3)], {})).toBe(1);
  expect(out.text).toMatch(
    new RegExp(`^${idOf(1)}  checksum  failed.*\n${idOf(2)}  checksum  completed.*\n$`),
  );
  expect(remarks.text).toContain(`${idOf(2)}  100.0 %  completed\n`);
  expect(remarks.text).toContain("drover: Refused: job_not_found. (job_not_found)\n");
});

test("several jobs as JSON are a line each, and all completed is exit code 0", async () => {
  const { url } = await jobServer(many(2, { status: "completed", progress: 100 }));
  const { context, out } = contextOf(url);
  expect(await watch(context, [idOf(1), idOf(2), idOf(1)], { json: true })).toBe(0);
  const ids = out.text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).job_id);
  expect(ids.toSorted()).toEqual([idOf(1), idOf(2)]);
});
