import type { ReactNode } from "react";
import { Icon, type IconName } from "./icon.js";
import styles from "./notice.module.css";

interface NoticeProps {
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
  /** Of its title; 2 on a page that has a title of its own. Default 1. */
  readonly level?: 1 | 2;
  /** What can be done about it. */
  readonly children?: ReactNode;
}

/** What a page says when it has nothing else to show. */
export function Notice({ icon, title, text, level = 1, children }: NoticeProps) {
  const Title = `h${level}` as const;
  return (
    <section className={styles["notice"]}>
      <span className={styles["icon"]}>
        <Icon name={icon} size={28} />
      </span>
      <Title className={styles["title"]}>{title}</Title>
      <p className={styles["text"]}>{text}</p>
      {children}
    </section>
  );
}
