import { Problem, type ProblemCode } from "@drover/contract";

/** The server refused the request, or failed. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  /** HTTP status. */
  readonly status: number;
  /** Of the catalogue, or `unknown` when the answer came from something else, such as a proxy. */
  readonly code: ProblemCode | "unknown" | (string & {});
  /** The whole answer, when it is a problem document. */
  readonly problem: Problem | undefined;
  /** When to try again, in seconds from the answer; `undefined` when the server did not say. */
  readonly retryAfterS: number | undefined;

  constructor(status: number, problem: Problem | undefined, retryAfterS: number | undefined) {
    super(problem === undefined ? `The server answered ${status}.` : problem.detail);
    this.status = status;
    this.code = problem?.code ?? "unknown";
    this.problem = problem;
    this.retryAfterS = retryAfterS;
  }
}

/** No answer came: the server cannot be reached, or the connection broke. The cause has the detail. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}

/** The refusal that a response holds; reads its body. */
export async function problemOf(response: Response): Promise<ProblemError> {
  const text = await response.text().catch(() => "");
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  return new ProblemError(
    response.status,
    Problem.safeParse(parseJson(text)).data,
    Number.isFinite(retryAfter) ? retryAfter : undefined,
  );
}

/** Whether the same request may succeed a little later: no answer, too many requests, or trouble on the server's side. */
export function isPassing(error: unknown): error is ProblemError | UnreachableError {
  if (error instanceof ProblemError) return error.status === 429 || error.status >= 500;
  return error instanceof UnreachableError;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
