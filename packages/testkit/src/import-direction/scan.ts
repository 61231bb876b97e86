import { parseSync } from "vite";

/** What one source file reaches for. */
export interface FileScan {
  /** Specifiers of static, dynamic and type-only imports, re-exports, `import("…")` types, `import x = require("…")` and `require("…")`. */
  readonly specifiers: readonly string[];
  /** Whether it has an import whose specifier is not a string literal. */
  readonly hasComputedImport: boolean;
  /** Whether it reads `process.env`, however spelt; setting a variable of it is no reading. */
  readonly readsEnv: boolean;
}

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Reads a TypeScript or JavaScript source. Throws when it cannot be parsed, so that no file passes unread. */
export function scanSource(filename: string, source: string): FileScan {
  const { program, errors } = parseSync(filename, source);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${filename} cannot be parsed: ${error.message}`);
  const specifiers = new Set<string>();
  let hasComputedImport = false;
  let readsEnv = false;
  const written = new Set<unknown>();
  for (const node of nodesOf(program)) {
    if (node.type === "AssignmentExpression" && node["operator"] === "=") written.add(objectOf(node["left"]));
    const specifier = specifierNode(node);
    if (specifier !== undefined) {
      const text = literalText(specifier);
      if (text === undefined) hasComputedImport = true;
      else specifiers.add(text);
    }
    readsEnv ||= isEnvRead(node) && !written.has(node);
  }
  return { specifiers: [...specifiers], hasComputedImport, readsEnv };
}

function* nodesOf(value: unknown): Generator<Node> {
  if (Array.isArray(value)) {
    for (const element of value) yield* nodesOf(element);
  } else if (isNode(value)) {
    yield value;
    for (const child of Object.values(value)) if (typeof child === "object") yield* nodesOf(child);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

/** The node that names the module, for each syntax that imports one. */
function specifierNode(node: Node): unknown {
  switch (node.type) {
    case "ImportDeclaration":
    case "ImportExpression":
    case "TSImportType":
      return node["source"] ?? node["argument"];
    case "ExportAllDeclaration":
    case "ExportNamedDeclaration":
      return node["source"] ?? undefined;
    case "TSExternalModuleReference":
      return node["expression"];
    case "CallExpression": {
      const callee = node["callee"];
      const isRequire = isNode(callee) && callee.type === "Identifier" && callee["name"] === "require";
      return isRequire && Array.isArray(node["arguments"]) ? node["arguments"][0] : undefined;
    }
    default:
      return undefined;
  }
}

function literalText(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === "TSLiteralType") return literalText(node["literal"]);
  if (node.type === "TemplateLiteral") return templateText(node);
  return typeof node["value"] === "string" ? node["value"] : undefined;
}

function templateText(node: Node): string | undefined {
  const quasis = node["quasis"];
  if (!Array.isArray(quasis) || quasis.length !== 1) return undefined;
  const value: unknown = quasis[0]?.value?.cooked;
  return typeof value === "string" ? value : undefined;
}

/** `process.env`, `process["env"]`, `const { env } = process` and `import { env } from "node:process"`. */
function isEnvRead(node: Node): boolean {
  if (node.type === "MemberExpression")
    return isProcess(node["object"]) && nameOf(node["property"]) === "env";
  if (node.type === "VariableDeclarator") return isProcess(node["init"]) && hasEnvProperty(node["id"]);
  if (node.type === "ImportDeclaration") {
    const source = literalText(node["source"]);
    const named = Array.isArray(node["specifiers"]) ? node["specifiers"] : [];
    return (
      (source === "node:process" || source === "process") &&
      named.some((specifier) => nameOf(specifier?.imported) === "env")
    );
  }
  return false;
}

/** What `x.y` is a member of. */
function objectOf(node: unknown): unknown {
  return isNode(node) && node.type === "MemberExpression" ? node["object"] : undefined;
}

function hasEnvProperty(pattern: unknown): boolean {
  if (!isNode(pattern) || !Array.isArray(pattern["properties"])) return false;
  return pattern["properties"].some((property) => nameOf(property?.key) === "env");
}

/** The global `process`, bare or as `globalThis.process`. */
function isProcess(node: unknown): boolean {
  if (!isNode(node)) return false;
  if (node.type === "MemberExpression") return nameOf(node["property"]) === "process";
  return nameOf(node) === "process";
}

function nameOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  const name = node["name"] ?? node["value"];
  return typeof name === "string" ? name : undefined;
}
