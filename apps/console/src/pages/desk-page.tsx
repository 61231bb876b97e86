import { Notice } from "../components/notice.js";
import { useMessages } from "../i18n/language.js";

/** Stands in for the operator's pages. */
export function DeskPage() {
  const { desk } = useMessages();
  return <Notice icon="clock" title={desk.soonTitle} text={desk.soonText} />;
}
