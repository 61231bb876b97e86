import { setTimeout as sleep } from "node:timers/promises";
import type { Processor } from "@drover/processor-sdk";
import { ProgressRelay } from "../attempts/progress-relay.js";
import { importProcessors } from "../import-processors.js";
import { AttemptScopes } from "./attempt-scopes.js";
import { CleanCheck } from "./clean-check.js";
import { type FromChild, MAX_LOG_LENGTH, MAX_LOG_LINES, type RunMessage, type ToChild } from "./messages.js";
import { callProcessor } from "./processor-call.js";
import { flushTraces, inTraceOf } from "./traced-run.js";
import { WatchedEnvironment } from "./watched-environment.js";

/**
 * The child process: loads one processor, says `ready`, runs one attempt at a time, and says after each
 * whether it is as it was before.
 *
 * It leads a process group of its own. It ends when the worker kills that group, or by itself when the
 * channel to the worker closes. SIGTERM alone does not end it: a stopping attempt gets its grace to wind down
 * through `context.signal`.
 */
const [, , moduleUrl = "", processorName = ""] = process.argv;
const PROGRESS_INTERVAL_MS = 50;
/** The longest wait for the printed lines of an attempt to leave, in ms. */
const OUTPUT_WAIT_MS = 1_000;

const send = process.send?.bind(process);
process.on("disconnect", endGroup);
process.on("SIGTERM", () => {});
process.on("SIGINT", () => {});

// The channel is Drover's: libraries take `process.send` for a process manager that wants to hear from them.
Reflect.deleteProperty(process, "send");
const scopes = new AttemptScopes((attempt, what) => report({ type: "late", attempt, what }));
scopes.guard();
const environment = new WatchedEnvironment();
const cleanCheck = new CleanCheck(() => scopes.openTimers);
const processor = await load();
let running: AbortController | undefined;
process.on("message", (message: ToChild) => {
  if (message.type === "stop") running?.abort(new Error("The attempt has to stop."));
  else void run(message);
});
environment.begin();
cleanCheck.begin();
report({ type: "ready" });

async function load(): Promise<Processor> {
  const loaded = await importProcessors(moduleUrl);
  const list = Array.isArray(loaded) ? loaded : [loaded];
  const found = list.find((candidate: Processor) => candidate.name === processorName);
  if (found === undefined) throw new Error(`The module defines no processor ${processorName} any more.`);
  return found;
}

async function run(message: RunMessage): Promise<void> {
  const controller = new AbortController();
  running = controller;
  environment.setTemporaryFolder(message.folder);
  let lines = 0;
  const relay = new ProgressRelay({
    intervalMs: PROGRESS_INTERVAL_MS,
    send: (progress) => report({ type: "progress", ...progress }),
  });
  const attempt = () =>
    scopes.run((isOver) =>
      callProcessor(processor, message, controller.signal, {
        onProgress: (percent, stage, text) => {
          if (!isOver("reported progress")) relay.push({ percent, stage, message: text });
        },
        onLog: (level, text) => {
          if (isOver(`logged ${text}`)) return;
          lines += 1;
          if (lines <= MAX_LOG_LINES) report({ type: "log", level, message: text.slice(0, MAX_LOG_LENGTH) });
        },
      }),
    );
  const settled = await inTraceOf(message, attempt);
  await flushTraces();
  await relay.flush();
  await outputsWritten();
  running = undefined;
  if (settled.type === "threw") return report(settled);
  environment.restore();
  const isClean = cleanCheck.isClean();
  report({ ...settled, isClean });
  // Not before: what the attempt left behind may block this process.
  if (!isClean) report({ type: "checked", leftover: await cleanCheck.leftover() });
}

/**
 * Resolves when what the attempt printed has left this process, or after a second. A pipe that is full is
 * written in the background: without waiting, what was printed last would arrive after the end, or never.
 */
async function outputsWritten(): Promise<void> {
  // What the attempt left to be done at once belongs to it too.
  await new Promise<void>((resolve) => process.nextTick(resolve));
  const waiting = [process.stdout, process.stderr].filter((stream) => stream.writableLength > 0);
  if (waiting.length === 0) return;
  const written = waiting.map((stream) => new Promise<void>((resolve) => stream.write("", () => resolve())));
  await Promise.race([Promise.all(written), sleep(OUTPUT_WAIT_MS, undefined, { ref: false })]);
}

function report(message: FromChild): undefined {
  send?.(message);
}

function endGroup(): void {
  process.kill(-process.pid, "SIGKILL");
}
