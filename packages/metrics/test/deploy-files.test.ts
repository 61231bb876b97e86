import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { noPromtool, promtool } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import { FAMILIES, type Family } from "../src/index.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (path: string) => readFileSync(`${root}deploy/${path}`, "utf8");

/** Names that a query may use, and the labels that each has. */
const series = new Map<string, readonly string[]>(
  Object.entries<Family>(FAMILIES).flatMap(([name, { type, labels }]) =>
    type === "histogram"
      ? [`${name}_bucket`, `${name}_sum`, `${name}_count`].map((each) => [each, labels] as const)
      : [[name, labels] as const],
  ),
);

/** Labels that Prometheus adds to what it scrapes, and `le` of histograms. */
const ADDED = ["job", "instance", "le"];

/** What is wrong with the metrics and labels of a query. */
function mistakesIn(query: string): readonly string[] {
  const used = [...query.matchAll(/\b((?:drover|process|nodejs)_[a-z0-9_]+)\b(?:\{([^}]*)\})?/g)];
  return used.flatMap(([, name = "", selector = ""]) => {
    const labels = series.get(name);
    if (labels === undefined) return [`${name} is shown by nobody`];
    const asked = [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = ""]) => label);
    return asked
      .filter((label) => ![...labels, ...ADDED].includes(label))
      .map((label) => `${name} has no label ${label}`);
  });
}

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

describe("the dashboard", () => {
  const { panels, templating } = JSON.parse(read("grafana/drover.json")) as {
    readonly panels: readonly Panel[];
    readonly templating: unknown;
  };

  it.each(panels.filter(({ type }) => type !== "row").map((panel) => [panel.title, panel] as const))(
    "asks in «%s» for metrics and labels that there are",
    (_title, { targets = [] }) => {
      expect(targets.length).toBeGreaterThan(0);
      for (const { expr } of targets) {
        expect(expr).toMatch(/drover_|process_|nodejs_/);
        expect(mistakesIn(expr)).toEqual([]);
      }
    },
  );

  it("shows every family but for what the rest is derived from", () => {
    const asked = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join("\n");
    const unseen = Object.keys(FAMILIES).filter((name) => !asked.includes(name));
    expect(unseen).toEqual([
      "process_start_time_seconds",
      "nodejs_eventloop_lag_mean_seconds",
      "nodejs_eventloop_lag_max_seconds",
    ]);
    expect(JSON.stringify(templating)).toContain("label_values(drover_jobs, processor)");
  });
});

describe("the alerts", () => {
  const rules = read("prometheus/alerts.yml");
  const tests = read("prometheus/alerts.test.yml");

  it("ask for metrics and labels that there are", () => {
    const queries = rules.replaceAll(/^\s*(summary|description):.*$/gm, "");
    expect(queries.match(/\bdrover_/g)?.length).toBeGreaterThan(10);
    expect(mistakesIn(queries)).toEqual([]);
    expect(mistakesIn(tests)).toEqual([]);
  });

  it("have a test each in which they fire", () => {
    const names = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
    const fired = [...tests.matchAll(/alertname: (\w+)\n\s+exp_alerts:\n/g)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(5);
    expect(fired.toSorted()).toEqual(names.toSorted());
  });

  it.each([
    ["check", "rules", "alerts.yml"],
    ["test", "rules", "alerts.test.yml"],
    ["check", "config", "prometheus.yml"],
  ])(`pass promtool %s %s${noPromtool()}`, async (verb, what, file) => {
    if (noPromtool() !== "") return;
    const { code, said } = await promtool([verb, what, `${root}deploy/prometheus/${file}`]);
    expect([code, said]).toEqual([0, expect.stringContaining("SUCCESS")]);
  });
});

it("KEDA asks for a member of the scale that there is", () => {
  const text = read("keda/scaled-object.yml");
  const schema = readFileSync(`${root}packages/contract/src/load-routes.ts`, "utf8");
  const [, member = ""] = /valueLocation: (\w+)/.exec(text) ?? [];
  expect(schema).toContain(`    ${member}: z.int()`);
  expect(text).toContain("/api/scale/moodle-log");
});

it("a metric or a label that nobody shows is found", () => {
  expect(mistakesIn('rate(drover_job_total{state="x"}[5m])')).toEqual([
    "drover_job_total is shown by nobody",
  ]);
  expect(mistakesIn('drover_jobs{status="x"}')).toEqual(["drover_jobs has no label status"]);
  expect(mistakesIn("drover_job_wait_seconds")).toEqual(["drover_job_wait_seconds is shown by nobody"]);
});
