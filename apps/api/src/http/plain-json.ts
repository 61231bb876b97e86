import { DomainError } from "@drover/core";

/** Deeper JSON than any options are; past some thousand levels it could not even be written again. */
const MAX_DEPTH = 32;

/**
 * `path` names the value, as in `params`.
 * @throws `invalid_request` unless the parsed JSON means the same to everybody who will read it: at most 32
 *   levels deep, no member called `__proto__`, no number beyond what a double holds, no NUL and no half of a
 *   surrogate pair in a text.
 */
export function assertPlainJson(value: unknown, path: string): void {
  // Not recursive: the depth is what is checked.
  const left: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 1 }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const trouble = troubleOf(next.value, next.depth);
    if (trouble !== undefined) {
      throw new DomainError("invalid_request", `The request is wrong: ${path} ${trouble}`, {
        errors: [{ path, message: trouble }],
      });
    }
    if (typeof next.value !== "object" || next.value === null) continue;
    const depth = next.depth + 1;
    for (const member of Object.values(next.value)) left.push({ value: member, depth });
  }
}

function troubleOf(value: unknown, depth: number): string | undefined {
  if (typeof value === "string") return textTrouble(value);
  if (typeof value === "number" && !Number.isFinite(value)) return "holds a number that is too large";
  if (typeof value !== "object" || value === null) return undefined;
  if (depth > MAX_DEPTH) return `is nested more than ${MAX_DEPTH} levels deep`;
  for (const name of Object.keys(value)) {
    if (name === "__proto__") return "has a member called __proto__";
    const trouble = textTrouble(name);
    if (trouble !== undefined) return trouble;
  }
  return undefined;
}

function textTrouble(text: string): string | undefined {
  if (text.includes("\0")) return "holds a NUL character";
  return /\p{Surrogate}/u.test(text) ? "holds half of a surrogate pair" : undefined;
}
