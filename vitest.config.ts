import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";

const packages = new URL("./packages/", import.meta.url).pathname;
const processors = new URL("./processors/", import.meta.url).pathname;

/** Unit tests read every workspace's source, so that they need no build; end-to-end tests run the built processes. */
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
  globalSetup: [`${packages}testkit/src/docker-engine.ts`],
  /** Fails a test that prints and a file that leaves something open. */
  setupFiles: [`${packages}testkit/src/clean-test.ts`],
};

export default defineConfig({
  test: {
    maxWorkers: 2,
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
