/**
 * Where a piece of work stands in a trace, as the headers of W3C Trace Context say it
 * (https://www.w3.org/TR/trace-context/).
 */
export interface TraceContext {
  /** `00-<trace id>-<parent id>-<flags>`: 32, 16 and 2 hexadecimal digits, in lower case; 55 characters. */
  readonly traceparent: string;
  /** What vendors add, at most `MAX_TRACESTATE_LENGTH` characters. Absent: nothing. */
  readonly tracestate?: string;
}

/** Characters of a `tracestate` that are passed on at least (section 3.3.1.5), and here at most. */
export const MAX_TRACESTATE_LENGTH = 512;

/** Members that a `tracestate` may have (section 3.3.1.1). */
const MAX_MEMBERS = 32;
/** Members longer than this go first where a `tracestate` is cut (section 3.3.1.5). */
const LONG_MEMBER = 128;

const NO_ID = /^0+$/;
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Keys as level 2 has them, which are more than those of level 1; the value's last character is no blank. */
const MEMBER =
  /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * Reads the two headers. `undefined` when `traceparent` is missing or malformed: then there is no trace, and
 * `tracestate` counts for nothing. A malformed `tracestate` is left out, one that is too long is cut at a
 * member (sections 3.2.2, 3.3.1 and 4.3). Of a version to come what version 00 knows is kept, as version 00.
 */
export function parseTraceContext(
  traceparent: string | undefined,
  tracestate?: string | undefined,
): TraceContext | undefined {
  const [, version = "", traceId = "", parentId = "", flags = "", rest] =
    TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (version === "" || version === "ff" || NO_ID.test(traceId) || NO_ID.test(parentId)) return undefined;
  if (version === "00" && rest !== undefined) return undefined;
  const known = version === "00" ? flags : `0${Number.parseInt(flags, 16) & 1}`; // of others: whether sampled
  const state = boundTracestate(tracestate ?? "");
  return {
    traceparent: `00-${traceId}-${parentId}-${known}`,
    ...(state === "" ? {} : { tracestate: state }),
  };
}

/** The id of the trace: 32 hexadecimal digits. */
export function traceIdOf({ traceparent }: TraceContext): string {
  return traceparent.slice(3, 35);
}

/** Empty for one that is malformed. */
function boundTracestate(text: string): string {
  const members = text
    .split(",")
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((member) => member !== "");
  if (members.length > MAX_MEMBERS || !members.every((member) => MEMBER.test(member))) return "";
  while (members.join(",").length > MAX_TRACESTATE_LENGTH) {
    const long = members.findLastIndex((member) => member.length > LONG_MEMBER);
    members.splice(long, 1); // -1: the last one
  }
  return members.join(",");
}
