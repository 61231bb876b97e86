import Papa from "papaparse";
import { useMemo } from "react";
import { useMessages } from "../i18n/language.js";
import styles from "./artifact-preview.module.css";

const ROWS = 50;
const COLUMNS = 40;

interface TablePreviewProps {
  readonly text: string;
  /** Whether the text breaks off, so that its last row may be half a row. */
  readonly isCut: boolean;
}

/** The first rows of a CSV, the first of them as the heading. */
export function TablePreview({ text, isCut }: TablePreviewProps) {
  const { result } = useMessages();
  const [heading = [], ...rows] = useMemo(() => firstRows(text, isCut), [text, isCut]);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls */}
      <div className={styles["scroll"]} tabIndex={0}>
        <table className={styles["table"]}>
          <thead>
            <tr>
              {heading.map((cell, column) => (
                <th key={placeOf(column)} scope="col">
                  {cell}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={placeOf(index)}>
                {row.map((cell, column) => (
                  <td key={placeOf(column)} title={cell}>
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={styles["note"]}>{result.rowsShown(rows.length)}</p>
    </>
  );
}

/** Cells have no name but their place, which never changes. */
function placeOf(index: number): string {
  return String(index);
}

function firstRows(text: string, isCut: boolean): readonly (readonly string[])[] {
  const { data } = Papa.parse<string[]>(text.replace(/^\uFEFF/, ""), {
    preview: ROWS + 2,
    skipEmptyLines: "greedy",
  });
  const whole = isCut && data.length < ROWS + 2 ? data.slice(0, -1) : data;
  return whole.slice(0, ROWS + 1).map((row) => row.slice(0, COLUMNS));
}
