import { zipOf } from "@drover/testkit";

/** A cell of a sheet: a text, or the serial number of a date that its style shows as one, or not. */
export type SheetCell = string | { readonly serial: number; readonly isDate: boolean };
/** Rows of a sheet; `undefined` for one that is not written. */
export type SheetRows = readonly (readonly SheetCell[] | undefined)[];

const SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships";

/** How a workbook is written. */
export interface WorkbookStyle {
  /** Whether texts stand in the cells, as Moodle writes them, or apart, as Excel does. Default: in the cells. */
  readonly isShared?: boolean;
  /** Format of the style of dates. Default: one of Excel's own. */
  readonly dateFormat?: string;
  readonly is1904?: boolean;
  /** XML before the root of each sheet. */
  readonly prolog?: string;
}

/** An .xlsx of sheets by name. */
export function xlsxOf(sheets: Readonly<Record<string, SheetRows>>, style: WorkbookStyle = {}): Buffer {
  const texts: string[] = [];
  const cellXml = (cell: SheetCell, address: string): string => {
    if (typeof cell !== "string") {
      return `<c r="${address}"${cell.isDate ? ' s="1"' : ""}><v>${cell.serial}</v></c>`;
    }
    if (style.isShared !== true) {
      return `<c r="${address}" t="inlineStr"><is><t>${escaped(cell)}</t></is></c>`;
    }
    return `<c r="${address}" t="s"><v>${texts.push(cell) - 1}</v></c>`;
  };
  const sheetXml = (rows: SheetRows): string => {
    const body = rows.map((cells, row) =>
      cells === undefined
        ? ""
        : `<row r="${row + 1}">${cells
            .map((cell, i) => (cell === "" ? "" : cellXml(cell, `${String.fromCharCode(65 + i)}${row + 1}`)))
            .join("")}</row>`,
    );
    return `${style.prolog ?? ""}<worksheet xmlns="${SPREADSHEET}"><sheetData>${body.join("")}</sheetData></worksheet>`;
  };
  const names = Object.keys(sheets);
  const parts = names.map((name, i) => ({
    name: `xl/worksheets/sheet${i + 1}.xml`,
    content: sheetXml(sheets[name] ?? []),
  }));
  const relation = (id: string, type: string, target: string) =>
    `<Relationship Id="${id}" Type="${RELATIONS}/${type}" Target="${target}"/>`;
  const { dateFormat } = style;
  return zipOf([
    {
      name: "_rels/.rels",
      content: `<Relationships xmlns="${PACKAGE}">${relation("r1", "officeDocument", "xl/workbook.xml")}</Relationships>`,
    },
    {
      name: "xl/workbook.xml",
      content:
        `<workbook xmlns="${SPREADSHEET}" xmlns:r="${RELATIONS}"><workbookPr date1904="${style.is1904 === true ? 1 : 0}"/>` +
        `<sheets>${names.map((name, i) => `<sheet name="${escaped(name)}" sheetId="${i + 1}" r:id="s${i}"/>`).join("")}</sheets></workbook>`,
    },
    {
      name: "xl/_rels/workbook.xml.rels",
      content:
        `<Relationships xmlns="${PACKAGE}">${names.map((_, i) => relation(`s${i}`, "worksheet", `worksheets/sheet${i + 1}.xml`)).join("")}` +
        `${relation("styles", "styles", "/xl/styles.xml")}${relation("texts", "sharedStrings", "sharedStrings.xml")}</Relationships>`,
    },
    {
      name: "xl/styles.xml",
      content:
        `<styleSheet xmlns="${SPREADSHEET}">${dateFormat === undefined ? "" : `<numFmts><numFmt numFmtId="170" formatCode="${escaped(dateFormat)}"/></numFmts>`}` +
        `<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="${dateFormat === undefined ? 22 : 170}"/></cellXfs></styleSheet>`,
    },
    ...parts,
    {
      name: "xl/sharedStrings.xml",
      content: `<sst xmlns="${SPREADSHEET}">${texts.map((text) => `<si><t xml:space="preserve">${escaped(text)}</t><rPh sb="0" eb="1"><t>ruby</t></rPh></si>`).join("")}</sst>`,
    },
  ]);
}

const OFFICE =
  'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" ' +
  'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" ' +
  'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"';

/** An .ods of one sheet, from the XML of its rows. */
export function odsOf(rows: string): Buffer {
  return zipOf([
    { name: "mimetype", content: "application/vnd.oasis.opendocument.spreadsheet" },
    {
      name: "content.xml",
      content:
        `<office:document-content ${OFFICE}><office:body><office:spreadsheet>` +
        `<table:table table:name="Log">${rows}</table:table></office:spreadsheet></office:body></office:document-content>`,
    },
  ]);
}

/** A row of texts in an .ods. */
export function odsRow(cells: readonly string[], attributes = ""): string {
  const shown = cells.map(
    (cell) =>
      `<table:table-cell office:value-type="string"><office:annotation><text:p>a note</text:p></office:annotation>` +
      `${cell
        .split("\n")
        .map((part) => `<text:p>${escaped(part)}</text:p>`)
        .join("")}</table:table-cell>`,
  );
  return `<table:table-row ${attributes}>${shown.join("")}</table:table-row>`;
}

/** A text in XML or HTML. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
