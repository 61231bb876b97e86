import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@drover/client";
import { waitFor } from "@drover/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiUrl, CliProcess } from "./cli-process.js";

const EXAMPLES = fileURLToPath(new URL("../../../examples/", import.meta.url));

const onPath = (name: string) =>
  (process.env["PATH"] ?? "").split(delimiter).some((place) => existsSync(join(place, name)));
const COMPILER = ["cc", "gcc", "tcc"].find(onPath);
const without = (name: string, isThere: boolean) => (isThere ? "" : ` (skipped: there is no ${name} here)`);

/** The text of a PDF with one line; readers rebuild the table that it lacks. */
const pdfWith = (line: string) => {
  const content = `BT /F1 24 Tf 72 700 Td (${line}) Tj ET`;
  return `%PDF-1.4
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R
  /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >> endobj
4 0 obj << /Length ${content.length} >> stream
${content}
endstream endobj
trailer << /Root 1 0 R >>
%%EOF
`;
};

const ROT13 = `
#include <ctype.h>
#include <stdio.h>
int main(int argc, char **argv) {
  FILE *in = fopen(argv[1], "rb"), *out = fopen(argv[2], "wb");
  if (argc != 3 || !in || !out) return 2;
  long n = 0;
  for (int c; (c = fgetc(in)) != EOF; n++)
    fputc(isalpha(c) ? (tolower(c) < 'n' ? c + 13 : c - 13) : c, out);
  printf("{\\"result\\": {\\"bytes\\": %ld}}\\n", n);
  return 0;
}
`;

const definition = (name: string, more: string) =>
  `name: ${name}\nversion: 1.0.0\ndescription: For a test.\n${more}\n`;

describe("any program, named by a YAML file", () => {
  let folder: string;
  let up: CliProcess;
  let url: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "drover-programs-"));
    const files: Record<string, string> = {
      "lingers.sh": `#!/bin/sh\nsleep 300 &\necho "{\\"message\\": \\"$!\\"}"\nwait\n`,
      "lingers.yaml": definition("lingers", "command: ./lingers.sh"),
      "environment.yaml": definition(
        "environment",
        'command: env\npass_env: [SAID]\nenv: { OWN: "1" }\nworking_folder: definition',
      ),
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    await chmod(join(folder, "lingers.sh"), 0o755);
    if (COMPILER !== undefined) {
      await writeFile(join(folder, "rot13.c"), ROT13);
      execFileSync(COMPILER, ["-o", "rot13", "rot13.c"], { cwd: folder });
      const args = 'command: ./rot13\nargs: ["{input}", "{output}/rot13.txt"]';
      await writeFile(join(folder, "rot13.yaml"), definition("rot13", args));
    }
    const yaml = ["lingers.yaml", "environment.yaml", ...(COMPILER === undefined ? [] : ["rot13.yaml"])];
    const examples = ["python-word-count/word-count.yaml", "pdf-text/pdf-text.yaml"];
    const options = [...yaml, ...examples.map((file) => join(EXAMPLES, file))].flatMap((file) => [
      "-p",
      file,
    ]);
    const env = { PORT: "0", DROVER_PROCESSORS: "@drover/processor-checksum", SAID: "yes", UNSAID: "no" };
    up = new CliProcess(["up", ...options], { cwd: folder, env });
    url = await apiUrl(up);
  });
  afterAll(async () => {
    up?.signal("SIGTERM");
    await up?.exitCode();
    await rm(folder, { recursive: true, force: true, maxRetries: 20 });
  });

  const run = async (processor: string, text: string, filename: string, params = {}) => {
    const client = createClient({ baseUrl: url });
    const { job_id } = await client.submit(processor, new Blob([text]), { filename, params });
    const job = await client.wait(job_id);
    return { job, text: async () => new Response((await client.download(job_id)).body).text() };
  };

  it.skipIf(!onPath("python3"))(`a Python script${without("python3", onPath("python3"))}`, async () => {
    const { job, text } = await run("frequent-words", "b a b", "a.txt", { top: 1, language: "en" });
    expect(job).toMatchObject({ status: "completed", stage: "count", result: { words: 3, language: "en" } });
    expect(await text()).toBe("word,count\r\nb,2\r\n");
    const wrong = await run("frequent-words", "", "a.txt").catch((error: unknown) => error);
    expect(wrong).toMatchObject({ code: "file_empty" });
    const client = createClient({ baseUrl: url });
    const latin = new Blob([new Uint8Array([0xe9, 0x20])]);
    const { job_id } = await client.submit("frequent-words", latin, { filename: "b.txt" });
    expect(await client.wait(job_id)).toMatchObject({
      status: "failed",
      attempt: 1,
      error: { code: "input_invalid", message: "The file is no text in UTF-8." },
    });
    const refused = client.submit("frequent-words", latin, { filename: "b.txt", params: { top: 0 } });
    await expect(refused).rejects.toMatchObject({ code: "invalid_params" });
  });

  it.skipIf(!onPath("pdftotext"))(
    `a shell script with pdftotext${without("pdftotext", onPath("pdftotext"))}`,
    async () => {
      const { job, text } = await run("pdf-text", pdfWith("Hello from a PDF"), "a.pdf", { layout: true });
      expect(job).toMatchObject({ status: "completed", result: { words: 4 } });
      expect(await text()).toContain("Hello from a PDF");
      const broken = await run("pdf-text", "no PDF at all", "b.pdf");
      expect(broken.job.error).toMatchObject({
        code: "input_invalid",
        message: "This is no PDF that can be read.",
      });
    },
  );

  it.skipIf(COMPILER === undefined)(
    `a compiled program${without("C compiler", COMPILER !== undefined)}`,
    async () => {
      const { job, text } = await run("rot13", "Hello", "a.txt");
      expect(job).toMatchObject({ status: "completed", result: { bytes: 5 } });
      expect(await text()).toBe("Uryyb");
    },
  );

  it("is ended with all that it started when its job is cancelled", async () => {
    const client = createClient({ baseUrl: url });
    const { job_id } = await client.submit("lingers", new Blob(["x"]));
    const pid = await waitFor(async () => Number((await client.get(job_id)).message) || undefined);
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    await client.cancel(job_id);
    expect((await client.wait(job_id)).status).toBe("cancelled");
    await waitFor(async () => !existsSync(`/proc/${pid}`));
  });

  it("sees nothing of the worker's environment that its file does not name", async () => {
    const client = createClient({ baseUrl: url });
    const { job_id } = await client.submit("environment", new Blob(["x"]));
    await client.wait(job_id);
    const response = await fetch(`${url}/api/jobs/${job_id}/logs`);
    const { logs } = (await response.json()) as { logs: { message: string }[] };
    const names = logs.map(({ message }) => message.split("=")[0]).sort();
    expect(names.filter((name) => name !== "LANG")).toEqual([
      "DROVER_CHILD",
      "OWN",
      "PATH",
      "SAID",
      "TMPDIR",
    ]);
  });
});
