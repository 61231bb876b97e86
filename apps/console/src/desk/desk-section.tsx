import { type ReactNode, useId } from "react";
import styles from "./desk-section.module.css";

interface DeskSectionProps {
  readonly title: string;
  /** At the end of the line of the title. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

/** A part of an operators' page, on a card with a title. */
export function DeskSection({ title, aside, children }: DeskSectionProps) {
  const id = useId();
  return (
    <section className={`${styles["section"]} card`} aria-labelledby={id}>
      <header className="section-head">
        <h2 id={id} className={styles["title"]}>
          {title}
        </h2>
        {aside !== undefined && <div className={styles["aside"]}>{aside}</div>}
      </header>
      {children}
    </section>
  );
}

/** What a section says when it has nothing to show. */
export function NothingThere({ children }: { readonly children: ReactNode }) {
  return <p className={styles["nothing"]}>{children}</p>;
}
