import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { InputInvalidError } from "@drover/processor-sdk";
import { unreadable } from "./media.js";
import type { ReportFile } from "./report-file.js";
import { readOpenDocument } from "./sources/open-document.js";
import type { ReadOptions } from "./sources/row-sink.js";
import { readWorkbook } from "./sources/workbook.js";
import { mainPart } from "./sources/workbook-parts.js";
import { type ArchiveEntry, ZipArchive } from "./sources/zip-archive.js";

/** What a ZIP archive was found to be. */
export type ArchiveFormat = "xlsx" | "ods" | "zip";

/** Reads one file of an archive that has been unpacked. */
export type MemberReader = (path: string, report: ReportFile) => Promise<void>;

const MOST_MEMBERS = 1_000;
const SPREADSHEET = "application/vnd.oasis.opendocument.spreadsheet";

/**
 * Reads a workbook, or the files of an archive one after the other.
 * @param readMember reads a file of the archive; `undefined` when archives in it are not read.
 * @throws {InputInvalidError} when it is damaged, a bomb, or another sort of document.
 */
export async function readArchive(
  input: { readonly path: string; readonly report: ReportFile },
  readMember: MemberReader | undefined,
  options: ReadOptions,
): Promise<ArchiveFormat> {
  const { path, report } = input;
  const archive = await ZipArchive.open(path, options).catch((error: unknown) => {
    throw unreadable("This ZIP archive or workbook", error);
  });
  try {
    const sheet = await readAsSheets(archive, report);
    if (sheet !== undefined) return sheet;
    if (readMember === undefined) throw new InputInvalidError("An archive in an archive is not read.");
    await readMembers(archive, report, { readMember, options });
    return "zip";
  } finally {
    archive.close();
  }
}

async function readAsSheets(archive: ZipArchive, report: ReportFile): Promise<"xlsx" | "ods" | undefined> {
  try {
    const kind = await documentKind(archive);
    const content = archive.entries.get("content.xml");
    if (kind?.startsWith(SPREADSHEET) && content !== undefined) {
      await readOpenDocument(content, report);
      return "ods";
    }
    const main = await mainPart(archive);
    if (main?.startsWith("xl/") && main.endsWith(".xml")) {
      await readWorkbook(archive, main, report);
      return "xlsx";
    }
    if (kind !== undefined || main !== undefined) {
      const what = main?.startsWith("xl/") ? "a binary workbook (.xlsb)" : "a document, and no spreadsheet";
      throw new InputInvalidError(`It is ${what}. Save the log as .xlsx or CSV.`);
    }
    return undefined;
  } catch (error) {
    throw unreadable("This workbook", error);
  }
}

/** What an OpenDocument says it is; `undefined` for others. */
async function documentKind(archive: ZipArchive): Promise<string | undefined> {
  const entry = archive.entries.get("mimetype");
  if (entry === undefined) return undefined;
  for await (const text of entry.texts()) return text.trim().slice(0, 200);
  return undefined;
}

async function readMembers(
  archive: ZipArchive,
  report: ReportFile,
  { readMember, options }: { readonly readMember: MemberReader; readonly options: ReadOptions },
): Promise<void> {
  const members = [...archive.entries.values()].filter(isMember).sort((a, b) => (a.name < b.name ? -1 : 1));
  if (members.length > MOST_MEMBERS) {
    throw new InputInvalidError(
      `The archive holds ${members.length} files; at most ${MOST_MEMBERS} are read.`,
    );
  }
  const path = join(options.scratch, "member");
  for (const member of members) {
    report.file = member.name;
    await unpack(member, path, options.signal);
    await readMember(path, report);
    await rm(path);
  }
}

/** Whether a file was packed by somebody, and not by the system that they use. */
function isMember({ name }: ArchiveEntry): boolean {
  return !/(^|\/)(__MACOSX\/|\.|Thumbs\.db$|desktop\.ini$)/.test(name);
}

async function unpack(member: ArchiveEntry, path: string, signal: AbortSignal): Promise<void> {
  try {
    await pipeline(member.bytes(), createWriteStream(path, { encoding: "latin1" }), { signal });
  } catch (error) {
    throw unreadable(`“${member.name}” in this archive`, error);
  }
}
