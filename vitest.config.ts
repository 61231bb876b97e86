import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const packages = new URL("./packages/", import.meta.url).pathname;
const processors = new URL("./processors/", import.meta.url).pathname;

/**
 * Unit tests read every workspace's source, so that they need no build; end-to-end tests run the built
 * processes.
 */
const alias = [
  { find: /^@drover\/([^/]+)\/([^/]+)$/, replacement: `${packages}$1/src/$2.ts` },
  ...readdirSync(packages).map((name) => ({
    find: new RegExp(`^@drover/${name}$`),
    replacement: `${packages}${name}/src/index.ts`,
  })),
  ...readdirSync(processors).map((name) => ({
    find: new RegExp(`^@drover/processor-${name}$`),
    replacement: `${processors}${name}/src/index.ts`,
  })),
];

const inEveryProject = {
  globalSetup: [`${packages}testkit/src/run-redis.ts`],
  /** Fails a test that prints and a file that leaves something open. */
  setupFiles: [`${packages}testkit/src/clean-test.ts`],
  /**
   * Files share a process, since a new one spends longer on loading than most files on their tests; each is
   * checked for what it leaves.
   */
  isolate: false,
};

/** Files that take long, about the longest first. Only the order in which files start depends on it. */
const LONG_FILES: readonly string[] = [
  "e2e/test/cli-mistakes.test.ts",
  "e2e/test/installation-pairs.test.ts",
  "e2e/test/import.test.ts",
  "e2e/test/chaos.test.ts",
  "e2e/test/up.test.ts",
  "e2e/test/workers-die.test.ts",
  "e2e/test/misbehaviour.test.ts",
  "e2e/test/console-pages.test.ts",
  "e2e/test/pages.test.ts",
  "e2e/test/cli-terminal.test.ts",
  "e2e/test/redis-killed.test.ts",
  "e2e/test/redis-trouble.test.ts",
  "e2e/test/metrics.test.ts",
  "e2e/test/retention.test.ts",
  "e2e/test/cluster.test.ts",
  "e2e/test/tarballs.test.ts",
  "e2e/test/webhook-delivery.test.ts",
  "worker/test/attempt-stopped.test.ts",
  "worker/test/execute.test.ts",
  "moodle-log/test/shared-logs.test.ts",
  "api/test/api-process.test.ts",
  "moodle-log/test/threads.test.ts",
  "api/test/problems.test.ts",
  "worker/test/clean-child.test.ts",
];

/**
 * Starts the long files first, so that both workers end at about the same time: after a clone vitest does not
 * know how long each takes.
 */
class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const index = LONG_FILES.findIndex((name) => moduleId.endsWith(`/${name}`));
      return index === -1 ? LONG_FILES.length : index;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    maxWorkers: 3, // on two cores: most tests wait for processes that they started
    sequence: { sequencer: LongFilesFirst },
    projects: [
      {
        resolve: { alias },
        test: {
          name: "unit",
          include: ["{packages,apps,processors}/*/test/**/*.test.ts"],
          exclude: ["packages/e2e/**", "**/fixtures/**"],
          ...inEveryProject,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["packages/e2e/test/**/*.test.ts"],
          ...inEveryProject,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: { name: "containers", include: ["packages/e2e/containers/**/*.test.ts"], ...inEveryProject },
      },
    ],
  },
});
