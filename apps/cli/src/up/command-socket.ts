/**
 * How a command reaches the private Redis of a `drover up` that runs on its data folder: it does not. It asks
 * that process, by a socket in the folder of that Redis, which only its user may enter, to run the command of
 * the worker's program, and shows what that prints. So the password of the Redis stays where it is.
 *
 * ```
 *  command ──["import","--","/old"]──►  up  ──spawns──►  worker import -- /old
 *          ◄──{"out":"Imported 3 jobs…"}──  ◄──lines──
 *          ◄──{"code":0}──────────────────  ◄──exit──
 * ```
 * Each message is a line of JSON.
 */
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Path of the socket. */
export function commandSocket(dataDir: string): string {
  return join(dataDir, "redis", "commands.sock");
}

/** The commands that may be asked for. */
const COMMANDS: readonly unknown[] = ["import", "reconcile"];
/** Longest command, in characters: some words and a path. */
const MAX_COMMAND_LENGTH = 16_384;

/** Runs a command; gives each line that it prints to `onLine`, and returns its exit code. */
export type CommandRunner = (
  words: readonly string[],
  onLine: (output: "out" | "err", line: string) => void,
) => Promise<number>;

/**
 * Listens for commands until it is told to stop. A socket that a killed process left is replaced: whoever has
 * the Redis of the folder is alone there.
 * @throws when no socket can be made, as where the path is longer than some 100 bytes.
 */
export async function listenForCommands(path: string, run: CommandRunner): Promise<() => void> {
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => {}); // the command was ended: nobody is left to be told
    answer(socket, run).catch(() => socket.destroy()); // without a code, which is taken for a failure
  });
  server.listen(path);
  await once(server, "listening");
  server.unref();
  return () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
}

async function answer(socket: Socket, run: CommandRunner): Promise<void> {
  const say = (message: object) => socket.write(`${JSON.stringify(message)}\n`);
  const words = wordsOf(await firstLine(socket));
  const code = words === undefined ? 2 : await run(words, (output, line) => say({ [output]: line }));
  say({ code });
  socket.end();
}

/** Empty when the other side says no line, or one without end. */
async function firstLine(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("utf8");
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += chunk;
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
    if (text.length > MAX_COMMAND_LENGTH) break;
  }
  return "";
}

function wordsOf(line: string): readonly string[] | undefined {
  const words = parse(line);
  const isCommand = Array.isArray(words) && COMMANDS.includes(words[0]);
  return isCommand && words.every((word) => typeof word === "string") ? words : undefined;
}

/**
 * Has the `drover up` behind the socket run a command, and prints what it prints.
 * @returns its exit code; `undefined` when nobody listens there, or the answer ends early.
 */
export async function askRunningUp(path: string, words: readonly string[]): Promise<number | undefined> {
  const socket = createConnection(path);
  try {
    await once(socket, "connect");
    socket.write(`${JSON.stringify(words)}\n`);
    for await (const line of createInterface({ input: socket })) {
      const message = parse(line);
      if (typeof message !== "object" || message === null) continue;
      if ("out" in message) process.stdout.write(`${message.out}\n`);
      if ("err" in message) process.stderr.write(`${message.err}\n`);
      if ("code" in message && typeof message.code === "number") return message.code;
    }
  } catch {
    // nobody listens, or that process was killed
  } finally {
    socket.destroy();
  }
  return undefined;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
