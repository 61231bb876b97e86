import { formatNumber } from "../i18n/formats.js";
import { useLanguage } from "../i18n/language.js";
import styles from "./result-summary.module.css";

/** So many figures are shown; the whole result is what the job's details and files are for. */
const SHOWN = 12;

/** The plain members of a result (texts, numbers, yes and no) as a list; nothing for a result without any. */
export function ResultSummary({ result }: { readonly result: unknown }) {
  const { code, messages } = useLanguage();
  const words = messages.result;
  const figures = plainMembers(result);
  if (figures.length === 0) return null;
  const textOf = (value: string | number | boolean) => {
    if (typeof value === "boolean") return value ? words.yes : words.no;
    return typeof value === "number" ? formatNumber(value, code) : value;
  };
  return (
    <section aria-labelledby="summary">
      <h2 className={styles["section"]} id="summary">
        {words.summary}
      </h2>
      <dl className={`${styles["list"]} card`}>
        {figures.slice(0, SHOWN).map(([name, value]) => (
          <div className={styles["figure"]} key={name}>
            <dt className={styles["name"]}>{name.replaceAll("_", " ")}</dt>
            <dd className={styles["value"]}>{textOf(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function plainMembers(result: unknown): readonly (readonly [string, string | number | boolean])[] {
  if (typeof result !== "object" || result === null || Array.isArray(result)) return [];
  return Object.entries(result).filter(
    (entry): entry is [string, string | number | boolean] =>
      ["string", "number", "boolean"].includes(typeof entry[1]) && String(entry[1]).length <= 200,
  );
}
