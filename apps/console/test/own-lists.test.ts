import { describe, expect, it } from "vitest";
import { formatDuration, formatNumber, formatSize } from "../src/i18n/formats.js";
import { fittingProcessors } from "../src/jobs/fitting-processors.js";
import { JobHistory } from "../src/jobs/own-job-list.js";
import { previewKind } from "../src/previews/preview-kind.js";

const processor = (name: string, extensions: readonly string[], media_types: readonly string[] = []) => ({
  name,
  accepts: { extensions: [...extensions], media_types: [...media_types] },
});

describe("the processors that fit a file", () => {
  const all = [
    processor("any", []),
    processor("logs", [".csv", ".txt"], ["text/csv"]),
    processor("texts", [".txt"]),
  ];
  const fitting = (...names: readonly string[]) =>
    fittingProcessors(
      all,
      names.map((name) => ({ name, type: "" })),
    ).map(({ name }) => name);

  it("are those that say so first, the most exact one before all", () => {
    expect(fitting("LOG.CSV")).toEqual(["logs", "any"]);
    expect(fitting("a.txt")).toEqual(["texts", "logs", "any"]);
    expect(fitting("a.csv", "b.bin")).toEqual(["any"]);
    expect(fitting()).toEqual(["texts", "logs", "any"]);
  });
});

describe("the jobs of a browser", () => {
  const job = (jobId: string) => ({
    ...{ jobId, processor: "checksum", filename: "a.txt" },
    ...{ sizeBytes: 1, createdAt: 1, status: "queued" },
  });
  const storage = () => {
    const kept = new Map<string, string>();
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
  };

  it("are kept, newest first, with how they were last seen", () => {
    const kept = storage();
    const history = new JobHistory(kept);
    let told = 0;
    history.subscribe(() => told++);
    history.add(job("1"));
    history.add(job("2"));
    history.note("1", "completed");
    history.note("3", "completed");
    history.remove("2");
    expect(told).toBe(4);
    expect(new JobHistory(kept).jobs).toEqual([{ ...job("1"), status: "completed" }]);
  });

  it("are read past what somebody else stored, and kept at 200", () => {
    const kept = storage();
    kept.setItem("drover.jobs", JSON.stringify([{ jobId: 7 }, job("1"), null]));
    const history = new JobHistory(kept);
    expect(history.jobs).toEqual([job("1")]);
    for (let i = 0; i < 250; i++) history.add(job(`n${i}`));
    expect([history.jobs.length, history.jobs[0]?.jobId]).toEqual([200, "n249"]);
    kept.setItem("drover.jobs", "{");
    expect(new JobHistory(kept).jobs).toEqual([]);
  });

  it("are listed also where nothing can be stored", () => {
    const full = {
      getItem: () => null,
      setItem: () => {
        throw new Error("full");
      },
    };
    const history = new JobHistory(full);
    history.add(job("1"));
    history.add(job("2"));
    expect(history.jobs.map(({ jobId }) => jobId)).toEqual(["2", "1"]);
  });
});

it.each([
  ["a.csv", "text/csv", "table"],
  ["a.csv", "application/octet-stream", "table"],
  ["a.json", "application/json; charset=utf-8", "json"],
  ["a.xes", "application/xml", "text"],
  ["a.csv", "text/plain", "table"],
  ["a.svg", "image/svg+xml", "image"],
  ["a.html", "text/html", "html"],
  ["a.zip", "application/zip", "none"],
])("%s as %s is looked at as %s", (name, media_type, kind) => {
  expect(previewKind({ name, media_type })).toBe(kind);
});

it("sizes, durations and numbers are short", () => {
  expect([0, 999, 1_000, 405_600, 999_960, 4_294_967_296].map((bytes) => formatSize(bytes, "en"))).toEqual([
    ...["0 B", "999 B", "1 KB", "406 KB", "1 MB", "4.3 GB"],
  ]);
  expect([0, 400, 59_400, 60_000, 200_000, 7_500_000, 200_000_000].map((ms) => formatDuration(ms))).toEqual([
    ...["< 1 s", "< 1 s", "59 s", "1 min", "3 min 20 s", "2 h 5 min", "2 d 7 h"],
  ]);
  expect([formatNumber(2100, "en"), formatNumber(21_000.256, "en")]).toEqual(["2100", "21,000.26"]);
});
