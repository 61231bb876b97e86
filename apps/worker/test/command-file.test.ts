import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCommandFile } from "../src/command-file.js";
import { loadProcessors } from "../src/processor-modules.js";

const HEAD = "name: sort\nversion: 1.0.0\ndescription: Sorts.\ncommand: sort\n";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drover-yaml-"));
});
afterAll(() => rm(folder, { recursive: true }));

const read = async (text: string) => {
  const path = join(folder, "sort.yaml");
  await writeFile(path, text);
  return readCommandFile(path);
};

describe("a command file", () => {
  it("defines a processor, its params by a JSON Schema that the catalogue shows as it is", async () => {
    const processor = await read(`${HEAD}
accepts: { extensions: [txt], media_types: [text/*] }
limits: { timeout_ms: 1000, max_attempts: 1 }
params:
  properties:
    column: { type: integer, minimum: 1, default: 1, description: Which one }
args: ["-k", "{params.column}", "-o", "{output}/sorted.txt", "--", "{input}"]
exit_codes:
  2: { outcome: input_invalid, message: No text. }
  75: { outcome: try_later, after_ms: 1000 }
`);
    expect(processor).toMatchObject({
      name: "sort",
      accepts: { extensions: [".txt"], mediaTypes: ["text/*"] },
      limits: { timeoutMs: 1000, maxAttempts: 1 },
      paramsSchema: {
        type: "object",
        additionalProperties: false,
        properties: { column: { type: "integer", minimum: 1, default: 1, description: "Which one" } },
      },
    });
    expect(processor.parseParams({})).toEqual({ ok: true, params: { column: 1 } });
    expect(processor.parseParams({ column: 0 })).toMatchObject({ ok: false });
    expect(processor.parseParams({ colum: 2 })).toMatchObject({ ok: false });
  });

  it.each([
    ["name: [", "sort.yaml:1:8: "],
    [`${HEAD}argz: []\n`, 'Unrecognized key: "argz"'],
    [HEAD.replace("command: sort\n", ""), "command: Invalid input: expected string"],
    [`${HEAD}limits:\n  timeout_ms: soon\n`, "sort.yaml:6:15: limits.timeout_ms: "],
    [`${HEAD}args: ["{inptu}"]\n`, "there is no placeholder {inptu}"],
    [HEAD.replace("command: sort", "command: no-such-program"), "sort.yaml:4:10: Processor sort: command"],
    [HEAD.replace("name: sort", "name: Sort It"), 'kebab-case and at most 64 characters, as "moodle-log"'],
    [`${HEAD}exit_codes: { 1: { outcome: gone } }\n`, "sort.yaml:5:"],
    [`${HEAD}params: { properties: { a: { if: { type: string } } } }\n`, "sort.yaml:5:9: params: "],
    [`${HEAD}params: { type: array }\n`, "sort.yaml:5:"],
    ["", "the file: Invalid input: expected object"],
    ["- a\n", "the file: Invalid input: expected object"],
  ])("that is wrong is refused with the place and what was expected: %j", async (text, message) => {
    const error = await read(text).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain("CommandFileError: sort.yaml:");
    expect(String(error)).toContain(message);
  });

  it("is named like a module in DROVER_PROCESSORS", async () => {
    await writeFile(join(folder, "sort.yml"), HEAD);
    const [loaded] = await loadProcessors(["./sort.yml"], folder);
    expect(loaded?.processor.name).toBe("sort");
    await writeFile(join(folder, "broken.yaml"), `${HEAD}argz: []\n`);
    await expect(loadProcessors(["./broken.yaml"], folder)).rejects.toThrow(
      /Processor module .\/broken.yaml could not be loaded: broken.yaml:\d+:\d+: /,
    );
  });
});
