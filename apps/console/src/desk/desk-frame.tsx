import type { ReactNode } from "react";
import { usePageTitle } from "../components/page-title.js";
import styles from "./desk-frame.module.css";

interface DeskFrameProps {
  readonly title: string;
  /** Beside the title. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

/** A page of the operators: wider than the others, with its title and what stands beside it. */
export function DeskFrame({ title, aside, children }: DeskFrameProps) {
  usePageTitle(title);
  return (
    <div className={`${styles["frame"]} desk`}>
      <header className={styles["head"]}>
        <h1 className={styles["title"]}>{title}</h1>
        {aside}
      </header>
      {children}
    </div>
  );
}
