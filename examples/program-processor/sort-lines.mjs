/**
 * A processor that runs a program: sort(1). The program reads the input where it lies and writes the
 * artifact itself.
 *
 *   DROVER_PROCESSORS=./examples/program-processor/sort-lines.mjs npm start
 *   curl -F file=@README.md -F 'params={"unique":true}' http://127.0.0.1:8000/api/processors/sort-lines/jobs
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { defineProcessor, InputInvalidError } from "@drover/processor-sdk";
import { z } from "zod";

export default defineProcessor({
  name: "sort-lines",
  version: "1.0.0",
  description: "Sorts the lines of a text.",
  accepts: { extensions: [".txt", ".md", ".csv"] },
  params: z.object({ unique: z.boolean().default(false), reverse: z.boolean().default(false) }),
  async run({ input, params, scratch, signal, artifactPath }) {
    const output = artifactPath("sorted.txt", { isPrimary: true, mediaType: "text/plain" });
    // Arguments are a list, never a line for a shell: nothing that a user sends is run.
    const options = [params.unique && "--unique", params.reverse && "--reverse"].filter(Boolean);
    const program = spawn("sort", [...options, "--output", output, "--", input.path], {
      env: { ...process.env, LC_ALL: "C", TMPDIR: scratch },
      stdio: ["ignore", "ignore", "pipe"],
      signal, // a cancelled job ends the program too
    });
    let complaint = "";
    program.stderr.setEncoding("utf8").on("data", (text) => {
      complaint = (complaint + text).slice(-500);
    });
    const [exitCode] = await once(program, "close");
    if (exitCode !== 0) throw new InputInvalidError(`sort could not read the file: ${complaint.trim()}`);
  },
});
