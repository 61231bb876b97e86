import { Link } from "@tanstack/react-router";
import { Notice } from "../components/notice.js";
import { useMessages } from "../i18n/language.js";

/** An address that no page has. */
export function MissingPage() {
  const { missing } = useMessages();
  return (
    <Notice icon="search" title={missing.title} text={missing.text}>
      <Link to="/">{missing.home}</Link>
    </Notice>
  );
}
