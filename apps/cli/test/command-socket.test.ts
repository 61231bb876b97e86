import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signal, waitFor } from "@drover/testkit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { askRunningUp, type CommandRunner, listenForCommands } from "../src/up/command-socket.js";

let folder: string;
let path: string;
let stop = () => {};
const ran: (readonly string[])[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drover-socket-"));
  path = join(folder, "commands.sock");
  ran.length = 0;
});
afterEach(() => {
  stop();
  rmSync(folder, { recursive: true, force: true });
});

const listen = async (run: CommandRunner) => {
  stop = await listenForCommands(path, (words, onLine) => {
    ran.push(words);
    return run(words, onLine);
  });
};

/** What the command printed, and its code. */
async function ask(...words: readonly string[]) {
  const [out, err] = [vi.spyOn(process.stdout, "write"), vi.spyOn(process.stderr, "write")];
  for (const write of [out, err]) write.mockReturnValue(true);
  try {
    const code = await askRunningUp(path, words);
    return { code, out: out.mock.calls.join(""), err: err.mock.calls.join("") };
  } finally {
    for (const write of [out, err]) write.mockRestore();
  }
}

test("a command is run with its words, and what it prints and its code come back", async () => {
  await listen(async (_words, onLine) => {
    onLine("err", "Left out a.json");
    onLine("out", "Imported 1 job. ✓");
    return 7;
  });
  expect(await ask("import", "--", "/a folder\n")).toEqual({
    ...{ code: 7, out: "Imported 1 job. ✓\n", err: "Left out a.json\n" },
  });
  expect(ran).toEqual([["import", "--", "/a folder\n"]]);
});

test("nothing but import and reconcile is run, and no line without end is read", async () => {
  await listen(async () => 0);
  expect((await ask("--eval", "1")).code).toBe(2);
  for (const text of ["nonsense\n", '["import",1]\n', "x".repeat(40_000)]) {
    const socket = createConnection(path);
    let answer = "";
    socket.on("error", () => {}); // closed by the other side while it was written to
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.write(text);
    await waitFor(() => answer === '{"code":2}\n');
    socket.destroy();
  }
  expect(ran).toEqual([]);
});

test("where nobody listens, or whoever listened is gone before the end, there is no code", async () => {
  expect((await ask("import")).code).toBeUndefined();
  writeFileSync(path, "left by a killed process");
  expect((await ask("import")).code).toBeUndefined();
  const started = signal();
  await listen(() => {
    started.resolve();
    return new Promise(() => {});
  });
  const asked = ask("import");
  await started.promise;
  stop();
  expect((await asked).code).toBeUndefined();
  await waitFor(() => !existsSync(path));
});

test("a command whose caller left goes on, and the next is served", async () => {
  const [started, go, over] = [signal(), signal(), signal()];
  await listen(async (words, onLine) => {
    if (words.length > 1) return 0;
    started.resolve();
    await go.promise;
    for (let line = 0; line < 100; line++) onLine("out", "to nobody");
    over.resolve();
    return 0;
  });
  const socket = createConnection(path);
  socket.write('["import"]\n');
  await started.promise;
  socket.destroy();
  go.resolve();
  await over.promise;
  expect((await ask("import", "again")).code).toBe(0);
});
