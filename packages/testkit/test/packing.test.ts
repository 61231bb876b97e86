import { describe, expect, it } from "vitest";
import { dependencyMistakes, publishedWorkspaces } from "../../../scripts/workspaces.mjs";

describe("the packages that are published", () => {
  it.each(publishedWorkspaces().map((workspace) => [workspace.manifest.name, workspace] as const))(
    "%s depends on all that its tarball needs, in ranges from the versions that are tested",
    (_, workspace) => {
      expect(dependencyMistakes(workspace)).toEqual([]);
    },
  );

  // `.npmrc` turns the scripts of packages off, and with them the step that makes a tarball whole.
  it.each(publishedWorkspaces().map(({ manifest }) => [manifest.name, manifest] as const))(
    "%s is made whole when it is published",
    (_, { publishConfig }) => {
      expect(publishConfig).toMatchObject({ "ignore-scripts": false });
    },
  );
});
