import { useEffect, useLayoutEffect, useRef } from "react";
import { ProblemNote } from "../components/problem-note.js";
import { formatExact, formatTime } from "../i18n/desk-formats.js";
import { useDeskMessages } from "../i18n/desk-language.js";
import { useLanguage } from "../i18n/language.js";
import { useJobLogs } from "./desk-job-queries.js";
import { DeskSection, NothingThere } from "./desk-section.js";
import styles from "./job-log-lines.module.css";

/** What the processor logs, as it comes; stays at its end unless somebody scrolled up. */
export function JobLogLines({ jobId }: { readonly jobId: string }) {
  const { job: words } = useDeskMessages();
  const { code } = useLanguage();
  const { data: lines = [], error } = useJobLogs(jobId);
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    const element = box.current;
    const note = () => {
      if (element !== null)
        isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 24;
    };
    element?.addEventListener("scroll", note);
    return () => element?.removeEventListener("scroll", note);
  }, []);
  useLayoutEffect(() => {
    if (lines.length > 0 && isAtEnd.current && box.current !== null)
      box.current.scrollTop = box.current.scrollHeight;
  }, [lines.length]);
  return (
    <DeskSection title={words.logs} aside={lines.length >= 500 ? words.logNote : undefined}>
      {error !== null && <ProblemNote error={error} />}
      {lines.length === 0 && error === null && <NothingThere>{words.noLogs}</NothingThere>}
      <section
        className={styles["box"]}
        ref={box}
        hidden={lines.length === 0}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is to be reached by the keyboard
        tabIndex={0}
        aria-label={words.logs}
      >
        <table className={styles["lines"]}>
          <tbody>
            {lines.map(({ at, attempt, level, message }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two lines may be the same
              <tr key={`${index} ${at}`} data-level={level}>
                <td title={formatExact(Date.parse(at), code)}>{formatTime(Date.parse(at), code)}</td>
                <td title={words.attempt(attempt)}>{attempt}</td>
                <td className={styles["level"]}>{level}</td>
                <td className={styles["message"]}>{message}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </DeskSection>
  );
}
