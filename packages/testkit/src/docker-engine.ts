import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Whether a Docker engine answers. */
    readonly hasDockerEngine: boolean;
  }
}

/** Runs once before all test files: loading testcontainers takes longer than most of the files that would ask it. */
export async function setup(project: TestProject): Promise<void> {
  const { getContainerRuntimeClient } = await import("testcontainers");
  const hasDockerEngine = await getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
  project.provide("hasDockerEngine", hasDockerEngine);
}
