import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { FREE_OF_RESERVED, RESERVED, ROWS, type Row, TESTS_MAY } from "./table.js";
import { readWorkspaces, type SourceFile, type Workspace } from "./workspace.js";

/** Every breach of the table below `root`, one sentence each, sorted; empty when the tree is in order. */
export async function importViolations(root: string): Promise<readonly string[]> {
  const workspaces = await readWorkspaces(root);
  return workspaces.flatMap(violationsOf).sort();
}

function violationsOf(workspace: Workspace): string[] {
  const row = ROWS.find((candidate) => matches(candidate.workspace, workspace.folder));
  if (row === undefined) return [`${workspace.folder} has no row in the table of imports.`];
  return [
    ...workspace.files.flatMap((file) => fileViolations(workspace, row, file)),
    ...dependencyViolations(workspace, row),
  ];
}

function fileViolations(workspace: Workspace, row: Row, file: SourceFile): string[] {
  const where = `${workspace.folder}/${file.path}`;
  const isSource = file.path.startsWith("src/");
  const found = file.specifiers.flatMap((specifier) => {
    const reason = specifier.startsWith(".")
      ? relativeReason(workspace, row, file, specifier)
      : packageReason(workspace, row, file, packageOf(specifier));
    return reason === undefined ? [] : [`${where} imports ${specifier}: ${reason}.`];
  });
  if (isSource && file.hasComputedImport && !isIn(row.mayComputeImportsIn, file.path)) {
    found.push(`${where} imports a module by a computed name, which nothing can check.`);
  }
  if (isSource && file.readsEnv && !isIn(row.mayReadEnvIn, file.path)) {
    found.push(`${where} reads process.env: only one file of an app does.`);
  }
  return found;
}

function relativeReason(
  workspace: Workspace,
  row: Row,
  file: SourceFile,
  specifier: string,
): string | undefined {
  const target = posix.join(posix.dirname(file.path), specifier).replace(/\.js$/, ".ts");
  if (target.startsWith("..") && !isFree(workspace))
    return `a path out of ${workspace.folder} goes around the table`;
  const crossesInto = isIn(row.nodeOnlyIn, target) && !isIn(row.nodeOnlyIn, file.path);
  return crossesInto && file.path.startsWith("src/") ? "it drags Node into the browser's entry" : undefined;
}

/** Whether the workspace may import everything. */
function isFree(workspace: Workspace): boolean {
  return FREE_OF_RESERVED.includes(`${workspace.folder}/`);
}

function packageReason(workspace: Workspace, row: Row, file: SourceFile, name: string): string | undefined {
  const isSource = file.path.startsWith("src/");
  const where = `${workspace.folder}/${file.path}`;
  if (name === workspace.name) return isSource ? "a workspace imports itself by relative paths" : undefined;
  const owners = ownersOf(name);
  if (owners !== undefined && !isIn([...owners, ...FREE_OF_RESERVED], where)) {
    return `only ${owners.join(", ")} may`;
  }
  const isRoot = file.path === "src/main.ts";
  const allowed = [
    ...row.may,
    ...(isRoot || !isSource ? (row.mayInMain ?? []) : []),
    ...(isIn(row.nodeOnlyIn, file.path) ? ["node:*"] : []),
    ...(isSource ? [] : TESTS_MAY),
  ];
  if (!allows(allowed, name)) {
    return allows(row.mayInMain ?? [], name) ? "only src/main.ts may" : "the table does not allow it";
  }
  const isCarried = row.isCarrier === true && name.startsWith("@drover/");
  return isDeclared(workspace, name, isSource && !isCarried) ? undefined : "package.json does not declare it";
}

/** Packages that the root declares for every test: what the test runner brings. */
const ROOT_TOOLS = ["vitest", "fast-check", "testcontainers"];

function isDeclared(workspace: Workspace, name: string, isSource: boolean): boolean {
  if (name.startsWith("node:") || workspace.dependencies.includes(name)) return true;
  return !isSource && (workspace.devDependencies.includes(name) || ROOT_TOOLS.includes(name));
}

function dependencyViolations(workspace: Workspace, row: Row): string[] {
  const may = [...row.may, ...(row.mayInMain ?? []), ...(row.mayStart ?? [])];
  const verdict = (name: string, allowed: readonly string[]) => {
    if (row.isCarrier === true && (!name.startsWith("@drover/") || name === "@drover/processor-sdk"))
      return []; // of a workspace that it carries
    const owners = ownersOf(name);
    const isOwner =
      owners === undefined ||
      [...owners, ...FREE_OF_RESERVED].some((owner) => owner.startsWith(`${workspace.folder}/`));
    return isOwner && allows(allowed, name)
      ? []
      : [`${workspace.folder}/package.json depends on ${name}: the table does not allow it.`];
  };
  return [
    ...workspace.dependencies.flatMap((name) => verdict(name, may)),
    ...workspace.devDependencies.flatMap((name) => verdict(name, [...may, ...TESTS_MAY])),
  ];
}

function ownersOf(name: string): readonly string[] | undefined {
  return Object.entries(RESERVED).find(([pattern]) => matches(pattern, name))?.[1];
}

/** `*` covers packages that are no workspace; `node:*` and `@drover/x-*` are prefixes. `@drover/processor-*` does not cover the SDK. */
function allows(patterns: readonly string[], name: string): boolean {
  const isVendor = !name.startsWith("@drover/") && !name.startsWith("node:");
  return patterns.some((pattern) => {
    if (pattern === "*") return isVendor;
    if (pattern === "@drover/processor-*" && name === "@drover/processor-sdk") return false;
    return matches(pattern, name);
  });
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

function isIn(places: readonly string[] | undefined, path: string): boolean {
  return (places ?? []).some((place) =>
    place === "" || place.endsWith("/") ? path.startsWith(place) : path === place,
  );
}

/** `@scope/name/deep` → `@scope/name`; `fs` and `node:fs/promises` → `node:…`. */
function packageOf(specifier: string): string {
  if (isBuiltin(specifier)) return specifier.startsWith("node:") ? specifier : `node:${specifier}`;
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
