/** What one workspace may import. Names are package names; `node:*` stands for Node's own modules, `*` for any package that is no workspace and not reserved. */
export interface Row {
  /** The workspace's folder; `processors/*` matches by prefix. */
  readonly workspace: string;
  /** Importable from every file. */
  readonly may: readonly string[];
  /** Importable from `src/main.ts` only (and from tests): the composition root names the adapters. */
  readonly mayInMain?: readonly string[];
  /** Declared in package.json because their processes are started, never imported. */
  readonly mayStart?: readonly string[];
  /** Its tarball carries private workspaces: they are among its devDependencies, and what they depend on among its dependencies. */
  readonly isCarrier?: boolean;
  /** Files or folders (with a trailing slash) of the workspace that alone may import `node:*`, and that no other file of `src` may import. */
  readonly nodeOnlyIn?: readonly string[];
  /** Files that import modules by a computed name; elsewhere such an import is a violation, because nothing can check it. */
  readonly mayComputeImportsIn?: readonly string[];
  /** Files that read `process.env`. */
  readonly mayReadEnvIn?: readonly string[];
}

/** The direction of imports: the design's table, in a form that a test runs. The first row whose pattern fits decides. */
export const ROWS: readonly Row[] = [
  { workspace: "packages/core", may: [] },
  { workspace: "packages/contract", may: ["zod", "@drover/core"], isCarrier: true },
  { workspace: "packages/processor-sdk", may: ["zod", "node:*"] },
  { workspace: "processors/*", may: ["@drover/processor-sdk", "node:*", "*"] },
  { workspace: "packages/job-files", may: ["@drover/core"] },
  { workspace: "packages/queue", may: ["@drover/core", "@drover/job-files", "node:*", "*"] },
  { workspace: "packages/storage", may: ["@drover/core", "@drover/job-files", "node:*", "*"] },
  { workspace: "packages/process-guard", may: ["node:*"] },
  { workspace: "packages/embedded-redis", may: ["@drover/process-guard", "node:*"] },
  { workspace: "packages/client", may: ["@drover/contract"], nodeOnlyIn: ["src/node.ts", "src/node/"] },
  {
    workspace: "apps/api",
    may: ["@drover/core", "@drover/job-files", "@drover/contract", "node:*", "*"],
    mayInMain: ["@drover/queue", "@drover/storage"],
    mayReadEnvIn: ["src/config.ts"],
  },
  {
    workspace: "apps/worker",
    may: [
      "@drover/core",
      "@drover/job-files",
      "@drover/process-guard",
      "@drover/processor-sdk",
      "node:*",
      "*",
    ],
    mayInMain: ["@drover/queue", "@drover/storage", "@drover/processor-*"],
    mayComputeImportsIn: ["src/"],
    // clean-check.ts reads no setting: in the child it puts back what an attempt changed.
    mayReadEnvIn: ["src/config.ts", "src/children/clean-check.ts"],
  },
  {
    workspace: "apps/cli",
    may: ["@drover/client", "@drover/contract", "@drover/embedded-redis", "node:*", "*"],
    mayStart: ["@drover/api", "@drover/worker", "@drover/processor-moodle-log"],
    isCarrier: true,
    mayReadEnvIn: ["src/config.ts"],
  },
  { workspace: "apps/console", may: ["@drover/client", "@drover/contract", "*"] },
  ...["packages/testkit", "packages/e2e"].map((workspace) => ({
    workspace,
    may: ["@drover/*", "node:*", "*"],
    mayComputeImportsIn: [""],
    mayReadEnvIn: [""],
  })),
];

/** Vendors' packages that live behind one door: who may import them, by path prefix. `testkit` and `e2e` may import everything. */
export const RESERVED: Readonly<Record<string, readonly string[]>> = {
  bullmq: ["packages/queue/src/bullmq.ts", "packages/queue/src/bullmq/", "packages/queue/test/"],
  ioredis: ["packages/queue/"],
  "@bull-board/*": ["apps/api/"],
  express: ["apps/api/"],
  multer: ["apps/api/"],
  winston: ["apps/api/", "apps/worker/"],
  commander: ["apps/cli/"],
};

/** Workspaces that may import everything: free of `RESERVED`, and of the rule that a relative path stays in its workspace. */
export const FREE_OF_RESERVED: readonly string[] = ["packages/testkit/", "packages/e2e/"];

/** What the tests of every workspace may import beside what their workspace may. */
export const TESTS_MAY: readonly string[] = ["@drover/testkit", "node:*", "*"];
