import { type ErrorCode, Problem, reading } from "@drover/contract";

/** What a refusal surely says; the rest of the document may be missing. */
const Refusal = reading(Problem.partial().extend(Problem.pick({ code: true, detail: true }).shape));
type Refusal = ReturnType<typeof Refusal.parse>;

/** The server refused the request, or failed, and said so in a problem document. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  /** HTTP status. */
  readonly status: number;
  /** Of the catalogue, or one that this version does not know yet. */
  readonly code: ErrorCode | (string & {});
  /** The whole answer. */
  readonly problem: Refusal;
  /** When to try again, in seconds from the answer; `undefined` when the server did not say. */
  readonly retryAfterS: number | undefined;

  constructor(status: number, problem: Refusal, retryAfterS: number | undefined) {
    super(problem.detail);
    this.status = status;
    this.code = problem.code;
    this.problem = problem;
    this.retryAfterS = retryAfterS;
  }
}

/**
 * No answer came, or it broke off: the server cannot be reached, or the connection failed. The cause has the
 * detail.
 */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}

/**
 * An answer came that Drover does not give: a page of a proxy, another program's JSON, nothing at all. The
 * cause says what was wrong with it.
 */
export class UnexpectedAnswerError extends Error {
  override readonly name = "UnexpectedAnswerError";
  /** HTTP status. */
  readonly status: number;
  /** What was asked, without its query. */
  readonly url: string;
  /** The first 200 characters of the answer, control characters left out. */
  readonly excerpt: string;
  /** When to try again, in seconds from the answer; `undefined` when nobody said. */
  readonly retryAfterS: number | undefined;

  constructor(
    response: Response,
    answer: { readonly url: string; readonly text: string; readonly cause?: unknown },
  ) {
    const url = answer.url.split("?")[0] ?? answer.url;
    const excerpt = excerptOf(answer.text);
    const said = excerpt === "" ? "an empty body" : `"${excerpt}"`;
    super(
      `${url} answered ${response.status} with ${said}, which is no answer of a Drover server.`,
      answer.cause === undefined ? {} : { cause: answer.cause },
    );
    this.status = response.status;
    this.url = url;
    this.excerpt = excerpt;
    this.retryAfterS = retryAfterOf(response);
  }
}

/** The refusal that a response holds in its text. */
export function refusalOf(
  response: Response,
  url: string,
  text: string,
): ProblemError | UnexpectedAnswerError {
  try {
    return new ProblemError(response.status, Refusal.parse(JSON.parse(text)), retryAfterOf(response));
  } catch (cause) {
    return new UnexpectedAnswerError(response, { url, text, cause });
  }
}

/**
 * Whether the same request may succeed a little later: no answer, too many requests, or trouble on the
 * server's side. 501 says that it never will (RFC 9110, section 15.6.2).
 */
export function isTransient(
  error: unknown,
): error is ProblemError | UnexpectedAnswerError | UnreachableError {
  if (error instanceof ProblemError || error instanceof UnexpectedAnswerError)
    return error.status === 429 || (error.status >= 500 && error.status !== 501);
  return error instanceof UnreachableError;
}

/** RFC 9110, section 10.2.3: seconds. A date, which Drover never sends, is passed over. */
function retryAfterOf(response: Response): number | undefined {
  const text = response.headers.get("retry-after")?.trim() ?? "";
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}

const EXCERPT_CHARACTERS = 200;

function excerptOf(text: string): string {
  const line = text
    .slice(0, 4 * EXCERPT_CHARACTERS)
    .replace(/[\p{C}\s]+/gu, " ")
    .trim();
  return line.length > EXCERPT_CHARACTERS ? `${line.slice(0, EXCERPT_CHARACTERS - 1)}…` : line;
}
