/** For the tests, which are TypeScript. */
export interface Workspace {
  readonly folder: string;
  readonly manifest: { readonly name: string; readonly publishConfig?: unknown };
}
export function readWorkspaces(): readonly Workspace[];
export function publishedWorkspaces(): readonly Workspace[];
export function dependencyMistakes(workspace: Workspace): readonly string[];
