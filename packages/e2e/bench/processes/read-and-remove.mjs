/** The file work of a no-op job: its input is read and removed. */
import { readFile, rm } from "node:fs/promises";

export default async function readAndRemove(job) {
  await readFile(job.data.path);
  await rm(job.data.path);
  return null;
}
