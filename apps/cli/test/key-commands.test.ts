import { type ApiKeyWithSecret, createClient } from "@drover/client";
import { Command } from "commander";
import { expect, test } from "vitest";
import { addKeys } from "../src/commands/keys.js";
import { plain } from "../src/terminal/paint.js";
import { Screen, serve } from "./fixtures.js";

const TIME = "2026-01-01T00:00:00.000Z";
const KEY: ApiKeyWithSecret = {
  ...{ id: "0f3a9c51d2e8", tenant: "acme", scopes: ["submit", "read"], name: "lab\u001b[2J" },
  ...{ created_at: TIME, expires_at: TIME, key: "drv_0f3a9c51d2e8_secret" },
};

/** Runs a command against a server that answers `body`; answers what was asked, said and printed. */
async function run(args: readonly string[], body: unknown, status = 200) {
  const asked: string[] = [];
  const url = await serve(async (request, response) => {
    let sent = "";
    for await (const chunk of request) sent += chunk;
    asked.push(`${request.method} ${request.url} ${request.headers.authorization} ${sent}`.trim());
    response
      .writeHead(status, { "content-type": "application/json" })
      .end(status === 204 ? "" : JSON.stringify(body));
  });
  const [out, remarks] = [new Screen({ isTTY: false }), new Screen({ isTTY: false })];
  const context = {
    client: createClient({ baseUrl: url, apiKey: "admin" }),
    out: out as unknown as NodeJS.WriteStream,
    remarks: remarks as unknown as NodeJS.WriteStream,
    paint: { out: plain, remarks: plain },
  };
  const codes: number[] = [];
  const program = new Command().exitOverride();
  addKeys(
    program,
    () => context,
    (code) => codes.push(code),
  );
  await program.parseAsync(["node", "drover", "keys", ...args]);
  return { asked, codes, printed: out.text, said: remarks.text };
}

test("a key is made, and printed alone", async () => {
  const args = [
    "create",
    "--tenant",
    "acme",
    "--scopes",
    "submit,read",
    "--name",
    "lab",
    "--expires-in",
    "2h",
  ];
  const { asked, codes, printed, said } = await run(args, KEY, 201);
  expect(asked).toEqual([
    'POST /api/keys Bearer admin {"tenant":"acme","scopes":["submit","read"],"name":"lab","expires_in_s":7200}',
  ]);
  expect([codes, printed]).toEqual([[0], "drv_0f3a9c51d2e8_secret\n"]);
  expect(said).toContain(`0f3a9c51d2e8  acme  submit+read`);
  expect(said).toContain("shown this once");
  expect(said).not.toContain("\u001b");
  expect(said).not.toContain("_secret");
});

test("keys are listed and revoked", async () => {
  const { key: _, ...listed } = KEY;
  expect((await run(["list"], { keys: [listed] })).printed).toContain("0f3a9c51d2e8  acme  submit+read");
  expect((await run(["revoke", KEY.id], undefined, 204)).asked).toEqual([
    `DELETE /api/keys/${KEY.id} Bearer admin`,
  ]);
});

test("a scope that is none is told before anything is sent", async () => {
  await expect(run(["create", "--scopes", "submit,root"], KEY)).rejects.toThrow(
    /--scopes is a list of submit, read, admin/,
  );
});
