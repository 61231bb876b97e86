import type { Stats } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import { JOB_ID_SHAPE, type JobId, parseJobId } from "@drover/core";

/** The files of one job: `<id>.json`, `<id>/events.log`, or both. */
export interface JobFiles {
  /** Of the first of them, in the folder, for people. */
  readonly name: string;
  readonly id: JobId;
  /** Paths. */
  readonly file: string | undefined;
  readonly log: string | undefined;
}

/** Something in the folder that is not as the files of a job have to be. */
export interface OddEntry {
  readonly name: string;
  readonly trouble: string;
}

const EXPECTED = "expected <job_id>.json or <job_id>/events.log, with a UUID as the job id";

/**
 * Where the job files are: `jobs` in the folder, or the folder itself when it has no such folder.
 * @throws as `lstat` does when there is no folder, and an `Error` when it is something else.
 */
export async function jobsFolder(folder: string): Promise<string> {
  const inner = join(folder, "jobs");
  if ((await statOf(inner))?.isDirectory() === true) return inner;
  const directory = await opendir(folder); // follows a link: the folder is what a person named
  await directory.close();
  return folder;
}

/**
 * The job files in a folder, as they are found, whatever their number. Names that start with "." are passed
 * over. A link is never followed.
 * @throws what the file system throws when the folder itself cannot be read.
 */
export async function* listJobFiles(jobs: string): AsyncGenerator<JobFiles | OddEntry> {
  for await (const { name } of await opendir(jobs)) {
    if (name.startsWith(".")) continue;
    const found = await lookAt(jobs, name).catch((error: NodeJS.ErrnoException): OddEntry => {
      return { name, trouble: `cannot be read (${error.code ?? error.message})` };
    });
    if (found !== undefined) yield found;
  }
}

/** `undefined` for what comes with another entry, or is gone meanwhile. */
async function lookAt(jobs: string, name: string): Promise<JobFiles | OddEntry | undefined> {
  const stats = await statOf(join(jobs, name));
  if (stats === undefined) return undefined;
  if (stats.isSymbolicLink()) return { name, trouble: "is a link; expected a file or a folder of its own" };
  const isFolder = stats.isDirectory();
  const stem = isFolder ? name : /^(.*)\.json$/i.exec(name)?.[1];
  if (stem === undefined || !JOB_ID_SHAPE.test(stem)) return { name, trouble: EXPECTED };
  const id = parseJobId(stem);
  if (!isFolder) {
    if (!stats.isFile()) return { name, trouble: "is no regular file" };
    return { name, id, file: join(jobs, name), log: await logOf(jobs, stem) };
  }
  if (await hasJobFile(jobs, stem)) return undefined;
  const log = await logOf(jobs, stem);
  if (log === undefined) return { name, trouble: "holds no events.log that is a regular file" };
  return { name: `${name}/events.log`, id, file: undefined, log };
}

/** An id as files may be named by it. */
function spellings(stem: string): readonly string[] {
  return [...new Set([stem, stem.toLowerCase(), stem.toUpperCase()])];
}

async function logOf(jobs: string, stem: string): Promise<string | undefined> {
  for (const spelling of spellings(stem)) {
    const folder = join(jobs, spelling);
    const log = join(folder, "events.log");
    if ((await statOf(folder))?.isDirectory() === true && (await statOf(log))?.isFile() === true) return log;
  }
  return undefined;
}

async function hasJobFile(jobs: string, stem: string): Promise<boolean> {
  const files = spellings(stem).map((spelling) => statOf(join(jobs, `${spelling}.json`)));
  return (await Promise.all(files)).some((stats) => stats?.isFile() === true);
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    const isAbsent =
      error instanceof Error && "code" in error && ["ENOENT", "ENOTDIR"].includes(String(error.code));
    if (isAbsent) return undefined;
    throw error;
  }
}
