import { Icon } from "../components/icon.js";
import { ProblemNote } from "../components/notice.js";
import { formatSpan } from "../i18n/desk-formats.js";
import { useDeskMessages } from "../i18n/desk-language.js";
import { useLanguage } from "../i18n/language.js";
import styles from "./alert-list.module.css";
import { useAlerts } from "./desk-queries.js";

/** What is to be looked at now, or that there is nothing. */
export function AlertList() {
  const { alerts: words } = useDeskMessages();
  const { code } = useLanguage();
  const { data: alerts, error } = useAlerts();
  if (error !== null) return <ProblemNote error={error} />;
  if (alerts === undefined) return null;
  if (alerts.length === 0)
    return (
      <p className={`${styles["well"]} card`}>
        <Icon name="check" /> {words.none}
      </p>
    );
  return (
    <ul className={styles["alerts"]} aria-label={words.title}>
      {alerts.map(({ alert, severity, processor, value }) => (
        <li key={`${alert} ${processor}`} className={styles["alert"]} data-severity={severity}>
          <Icon name="alert" />
          <span>
            <strong>{words.named[alert]?.(processor ?? "", shown(alert, value, code)) ?? alert}</strong>{" "}
            {words.advice[alert]}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** An alert's value as it is read: a time, a count or a share. */
function shown(alert: string, value: number | null, language: Parameters<typeof formatSpan>[1]): string {
  if (value === null) return "";
  if (alert === "oldest_waiting" || alert === "not_sweeping") return formatSpan(value, language);
  if (alert === "no_worker") return value.toLocaleString(language);
  return value.toLocaleString(language, { style: "percent", maximumFractionDigits: 0 });
}
