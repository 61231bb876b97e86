import { StringDecoder } from "node:string_decoder";

/** What a line of the program's standard output says. */
export type OutputLine =
  | {
      readonly kind: "report";
      readonly progress?: number;
      readonly stage?: string;
      readonly message?: string;
      /** Absent when the line has none; any JSON when it has. */
      readonly result?: { readonly value: unknown };
      /** Why the program will fail, in words for whoever uploaded the file. */
      readonly error?: string;
    }
  | { readonly kind: "log"; readonly level: "debug" | "info" | "warn" | "error"; readonly text: string };

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** Names of the protocol, each with what its value is. */
const REPORT: Readonly<Record<string, "number" | "string" | "any">> = {
  progress: "number",
  stage: "string",
  message: "string",
  error: "string",
  result: "any",
};

/**
 * Reads a line of standard output: a JSON object of the protocol and of nothing else, or a line of the log.
 */
export function readOutputLine(line: string): OutputLine {
  const plain: OutputLine = { kind: "log", level: "info", text: line };
  if (!line.startsWith("{")) return plain;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return plain;
  }
  if (typeof value !== "object" || value === null) return plain;
  const members = Object.entries(value);
  if ("log" in value) return readLog(value, members.length) ?? plain;
  const isReport = members.length > 0 && members.every(([name, member]) => fits(REPORT[name], member));
  if (!isReport) return plain;
  const { result, ...rest } = Object.fromEntries(members);
  return { kind: "report", ...rest, ...("result" in value ? { result: { value: result } } : {}) };
}

function fits(expected: "number" | "string" | "any" | undefined, value: unknown): boolean {
  return expected === "any" || typeof value === expected;
}

function readLog(value: object & { log: unknown }, members: number): OutputLine | undefined {
  const { log } = value;
  const level = "level" in value ? LEVELS.find((known) => known === value.level) : "info";
  const isWhole = members === ("level" in value ? 2 : 1);
  return typeof log === "string" && level !== undefined && isWhole
    ? { kind: "log", level, text: log }
    : undefined;
}

/** Characters of one line: a result of 64 KiB and some more. What is longer is cut there. */
const MAX_LINE_LENGTH = 1 << 17;

/**
 * Cuts bytes into lines, without their ends (LF or CRLF) and without empty ones. What is no UTF-8 becomes
 * U+FFFD. No more than one line is kept in memory.
 */
export class OutputLines {
  readonly #decoder = new StringDecoder("utf8");
  readonly #onLine: (line: string) => void;
  #begun = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(bytes: Buffer): void {
    const [first = "", ...others] = this.#decoder.write(bytes).split("\n");
    this.#add(first);
    for (const text of others) {
      this.#endLine();
      this.#add(text);
    }
  }

  /** The last line may lack its end. */
  end(): void {
    this.#add(this.#decoder.end());
    this.#endLine();
  }

  #add(text: string): void {
    this.#begun += text.slice(0, MAX_LINE_LENGTH - this.#begun.length);
  }

  #endLine(): void {
    const line = this.#begun.replace(/\r$/, "");
    this.#begun = "";
    if (line !== "") this.#onLine(line);
  }
}
