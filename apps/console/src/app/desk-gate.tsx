import { Outlet } from "@tanstack/react-router";
import { useCaller } from "../api/use-caller.js";
import { Notice } from "../components/notice.js";
import { useMessages } from "../i18n/language.js";

/** Shows the operator's pages to who has the scope `admin`; the api refuses their data to anybody else. */
export function DeskGate() {
  const { desk } = useMessages();
  const caller = useCaller();
  if (caller.kind === "unknown") return null;
  if (caller.kind === "known" && caller.isAdmin) return <Outlet />;
  return <Notice icon="key" title={desk.deniedTitle} text={desk.deniedText} />;
}
