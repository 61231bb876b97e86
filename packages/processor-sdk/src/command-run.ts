import { spawn } from "node:child_process";
import { mkdir, readdir, rename } from "node:fs/promises";
import { extname, join } from "node:path";
import type { Readable } from "node:stream";
import { argumentsOf } from "./command-arguments.js";
import type { Command, ExitMeaning } from "./command-definition.js";
import { environmentOf } from "./command-environment.js";
import { OutputLines, readOutputLine } from "./command-output.js";
import { InputInvalidError, TryLaterError } from "./define-processor.js";
import type { Context } from "./processor-types.js";

/** Time between the signal to stop and the kill, in ms; a worker's own is 5 s. */
const GRACE_MS = 4_000;
/** Characters that are kept of what the program said last on its standard error. */
const MAX_COMPLAINT_LENGTH = 500;

/** How the program ended, and what it said. */
interface ProgramEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly result: unknown;
  /** In its own words, by the protocol. */
  readonly error: string | undefined;
  readonly complaint: string;
}

/**
 * Runs the program for one attempt; what it wrote to its output folder becomes artifacts.
 * @returns the last result that it printed, or `null`.
 * @throws `InputInvalidError` and `TryLaterError` as its exit code means, `Error` for any other failure.
 */
export async function runCommand(command: Command, context: Context<unknown>): Promise<unknown> {
  const output = join(context.scratch, "output");
  await mkdir(output);
  const end = await follow(command, context, output);
  context.signal.throwIfAborted();
  const isDone = end.signal === null && meaningOf(command, end.exitCode).outcome === "completed";
  if (!isDone) throw failureOf(command, end);
  await keepArtifacts(command, context, output);
  return end.result;
}

function follow(command: Command, context: Context<unknown>, output: string): Promise<ProgramEnd> {
  const { input, params, scratch, signal } = context;
  const { path, filename, mediaType } = input;
  const values = { input: path, output, scratch, filename, media_type: mediaType, params };
  const program = spawn(command.path, argumentsOf(command.args, values), {
    cwd: command.workingFolder ?? scratch,
    env: environmentOf(command, scratch),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let kill: NodeJS.Timeout | undefined;
  const stop = () => {
    program.kill("SIGTERM");
    kill = setTimeout(() => program.kill("SIGKILL"), GRACE_MS);
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const said = { result: null as unknown, error: undefined as string | undefined, complaint: "" };
  readLines(program.stdout, (line) => report(line, context, said));
  readLines(program.stderr, (line) => {
    said.complaint = `${said.complaint}\n${line}`.slice(-MAX_COMPLAINT_LENGTH);
    context.log.warn(line);
  });
  return new Promise<ProgramEnd>((resolve, reject) => {
    program.once("error", reject); // it could not be started
    program.once("close", (exitCode, ended) => resolve({ ...said, exitCode, signal: ended }));
  }).finally(() => {
    signal.removeEventListener("abort", stop);
    clearTimeout(kill);
  });
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  const lines = new OutputLines(onLine);
  stream.on("data", (bytes: Buffer) => lines.push(bytes)).on("end", () => lines.end());
}

function report(
  line: string,
  { log, progress }: Context<unknown>,
  said: { result: unknown; error: string | undefined },
): void {
  const read = readOutputLine(line);
  if (read.kind === "log") {
    log[read.level](read.text);
    return;
  }
  if (read.result !== undefined) said.result = read.result.value;
  if (read.error !== undefined) said.error = read.error;
  const { progress: percent, stage, message } = read;
  if (percent === undefined && stage === undefined && message === undefined) return;
  progress(percent ?? 0, {
    ...(stage === undefined ? {} : { stage }),
    ...(message === undefined ? {} : { message }),
  });
}

function meaningOf({ exitCodes }: Command, exitCode: number | null): ExitMeaning {
  return exitCodes[exitCode ?? -1] ?? { outcome: exitCode === 0 ? "completed" : "failed" };
}

function failureOf(command: Command, end: ProgramEnd): Error {
  const meaning = meaningOf(command, end.exitCode);
  const how =
    end.signal === null ? `ended with exit code ${end.exitCode}` : `was ended by signal ${end.signal}`;
  const complaint = end.complaint.trim();
  const said = end.error ?? ("message" in meaning ? meaning.message : undefined);
  const words = said ?? `The program ${how}${complaint === "" ? "." : `: ${complaint}`}`;
  if (end.signal === null && meaning.outcome === "input_invalid") return new InputInvalidError(words);
  if (end.signal === null && meaning.outcome === "try_later")
    return new TryLaterError(words, { afterMs: meaning.afterMs });
  return new Error(words);
}

/** Moves the files of the output folder to where artifacts lie. Which of them can be is the host's to check. */
async function keepArtifacts(
  { primary, mediaTypes }: Command,
  { artifactPath }: Context<unknown>,
  output: string,
): Promise<void> {
  const entries = await readdir(output, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.isFile()) {
      const what = entry.isDirectory() ? "a folder" : entry.isSymbolicLink() ? "a link" : "no file";
      throw new Error(`The program left ${what} in its output folder: ${entry.name}. Artifacts are files.`);
    }
    const mediaType = mediaTypes[extname(entry.name).toLowerCase()];
    const path = artifactPath(entry.name, {
      ...(mediaType === undefined ? {} : { mediaType }),
      ...(primary === undefined ? {} : { isPrimary: entry.name === primary }),
    });
    await rename(join(output, entry.name), path);
  }
}
