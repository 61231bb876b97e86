import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Redis } from "ioredis";
import type { System } from "../src/index.js";

/** Time between two of the jobs that are made, in ms: 100,000 are 6 days old at most, and none has expired. */
const APART_MS = 5_000;
/** One of so many jobs has another course in its tags and its file name. */
const RARE = 1_000;
const BATCH = 500;

/** What the jobs are copied from. */
export interface Template {
  readonly id: string;
  readonly createdAt: number;
}

/** Everything in Redis and in the blob store that names the template. */
interface Traces {
  readonly keys: readonly Trace[];
  readonly files: ReadonlyMap<string, string>;
  /** Ids of the job, of its upload and of its attempt: each copy has others. */
  readonly ids: readonly string[];
}

interface Trace {
  readonly key: string;
  readonly type: string;
  readonly ttlMs: number;
  /** Of a key of the job's own: all. Of another one: the entries that name the job. */
  readonly entries: readonly (readonly string[])[];
}

/**
 * Fills a system with copies of a job that was really run: of each key that is the job's own, of each entry of
 * another key that names it, and of each of its files, with other ids and an earlier time. So what it holds is
 * what runs leave, whatever that is.
 * @returns ids of the copies.
 */
export async function fill(
  system: System,
  client: Redis,
  template: Template,
  count: number,
): Promise<readonly string[]> {
  const traces = await tracesOf(system, client, template);
  const ids: string[] = [];
  for (let first = 0; first < count; first += BATCH) {
    const pipeline = client.pipeline();
    const files: CopiedFile[] = [];
    for (let i = first; i < Math.min(first + BATCH, count); i++) {
      const change = changeOf(traces, template, i + 1);
      ids.push(change(template.id));
      for (const trace of traces.keys) write(pipeline, trace, change);
      for (const [path, content] of traces.files)
        files.push({
          path: join(system.blobs, change(path)),
          content: change(content),
          at: template.createdAt - (i + 1) * APART_MS,
        });
    }
    await pipeline.exec();
    await Promise.all(files.map(writeCopy));
  }
  return ids;
}

/**
 * Compares what two jobs have in Redis: keys, their types and encodings, fields.
 * @returns one line for each difference.
 */
export async function differences(client: Redis, a: string, b: string): Promise<readonly string[]> {
  const [of, by] = [await shapeOf(client, a), await shapeOf(client, b)];
  return [...of.filter((line) => !by.includes(line)), ...by.filter((line) => !of.includes(line))];
}

async function shapeOf(client: Redis, id: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const { key, type, entries } of await keysThatName(client, id)) {
    const fields = type === "hash" && key.includes(id) ? entries.map(([field]) => field).sort() : [];
    const encoding = await client.object("ENCODING", key);
    lines.push(`${key.replace(id, "<job>")} ${type} ${String(encoding)} ${fields.join(",")}`.trim());
  }
  return lines;
}

async function tracesOf(system: System, client: Redis, { id }: Template): Promise<Traces> {
  const keys = await keysThatName(client, id);
  const files = new Map<string, string>();
  for (const entry of await readdir(system.blobs, { recursive: true })) {
    if (!(await stat(join(system.blobs, entry))).isFile()) continue;
    const content = await readFile(join(system.blobs, entry), "latin1");
    if (entry.includes(id) || content.includes(id)) files.set(entry, content);
  }
  const all = [...files.keys(), ...files.values()].join("\n");
  const upload = /inputs\/([0-9a-f]{32})\//.exec(all)?.[1];
  const attempt = /\/1-([0-9a-f]{10})\//.exec(all)?.[1];
  if (upload === undefined || attempt === undefined) throw new Error("The template has no files to copy.");
  return { keys, files, ids: [id, upload, attempt] };
}

/** Streams are left out: their length is bounded, whatever is kept. */
async function keysThatName(client: Redis, id: string): Promise<readonly Trace[]> {
  const found: Trace[] = [];
  for (const key of (await client.keys("*")).sort()) {
    const type = await client.type(key);
    if (type === "stream") continue;
    const all = await entriesOf(client, key, type, id);
    const entries = key.includes(id) ? all : all.filter((entry) => entry.some((text) => text.includes(id)));
    if (entries.length > 0) found.push({ key, type, ttlMs: await client.pttl(key), entries });
  }
  return found;
}

/** Of a large key only what names the job. */
async function entriesOf(client: Redis, key: string, type: string, id: string): Promise<readonly string[][]> {
  switch (type) {
    case "hash": {
      if (!key.includes(id)) {
        const value = await client.hget(key, id);
        return value === null ? [] : [[id, value]];
      }
      return Object.entries(await client.hgetall(key));
    }
    case "zset": {
      const score = await client.zscore(key, id);
      return score === null ? [] : [[id, score]];
    }
    case "list":
      return (await client.lrange(key, 0, -1)).map((value) => [value]);
    case "set":
      return (await client.sismember(key, id)) === 1 ? [[id]] : [];
    default:
      return [[(await client.get(key)) ?? ""]];
  }
}

function write(
  pipeline: ReturnType<Redis["pipeline"]>,
  trace: Trace,
  change: (text: string) => string,
): void {
  const key = change(trace.key);
  const entries = trace.entries.map((entry) => entry.map(change));
  if (trace.type === "hash") pipeline.hset(key, ...entries.flat());
  else if (trace.type === "zset")
    for (const [member = "", score = "0"] of entries) pipeline.zadd(key, score, member);
  else if (trace.type === "list") pipeline.rpush(key, ...entries.flat());
  else if (trace.type === "set") pipeline.sadd(key, ...entries.flat());
  else pipeline.set(key, entries[0]?.[0] ?? "");
  if (trace.ttlMs > 0) pipeline.pexpire(key, trace.ttlMs);
}

/** The same text of the copy with this number: its own ids, and all times earlier. */
function changeOf({ ids }: Traces, { createdAt }: Template, number: number): (text: string) => string {
  const [job = "", ...others] = ids;
  const earlierMs = number * APART_MS;
  const time = (createdAt - earlierMs).toString(16).padStart(12, "0");
  const own = `${time.slice(0, 8)}-${time.slice(8)}-7${randomHex(3)}-8${randomHex(3)}-${randomHex(12)}`;
  const replacements = new Map([[job, own], ...others.map((id) => [id, randomHex(id.length)] as const)]);
  const pattern = new RegExp([...replacements.keys(), "\\b1\\d{12}\\b", "CS101"].join("|"), "g");
  const course = number % RARE === 0 ? "CS202" : "CS101";
  return (text) =>
    text.replace(pattern, (found) => {
      if (found === "CS101") return course;
      return replacements.get(found) ?? String(Number(found) - earlierMs);
    });
}

function randomHex(length: number): string {
  return randomBytes(Math.ceil(length / 2))
    .toString("hex")
    .slice(0, length);
}

interface CopiedFile {
  readonly path: string;
  /** Bytes, one a character. */
  readonly content: string;
  /** Time of its last change, ms since the epoch: the sweep goes by it. */
  readonly at: number;
}

async function writeCopy({ path, content, at }: CopiedFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, "latin1");
  await utimes(path, at / 1_000, at / 1_000);
}
