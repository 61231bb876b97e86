import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useCaller } from "../api/use-caller.js";
import { Icon } from "../components/icon.js";
import { Notice, OfflineNote } from "../components/notice.js";
import { ShellTools } from "../components/shell-tools.js";
import { SignInForm } from "../components/sign-in-form.js";
import { useMessages } from "../i18n/language.js";
import logo from "../styles/drover.svg";
import styles from "./console-shell.module.css";

/** What is around every page: the bar with its links, and the place of the page. */
export function ConsoleShell() {
  const { shell } = useMessages();
  const main = useMovedFocus();
  const caller = useCaller();
  return (
    <>
      <a className={styles["skip"]} href="#content">
        {shell.skip}
      </a>
      <header className={styles["bar"]}>
        <ShellBar />
      </header>
      <main className={styles["main"]} id="content" ref={main} tabIndex={-1}>
        <OfflineNote />
        {caller.kind === "signed_out" ? <SignInForm /> : <Outlet />}
      </main>
    </>
  );
}

/** The element that gets the focus when another page is shown, as after a page load. */
function useMovedFocus() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    main.current?.focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  }, [pathname]);
  return main;
}

function ShellBar() {
  const { shell } = useMessages();
  const caller = useCaller();
  const { pathname } = useLocation();
  const [openAt, setOpenAt] = useState<string>(); // a menu that was opened closes with the next page
  const isOpen = openAt === pathname;
  return (
    <div className={styles["row"]}>
      <Link to="/" className={styles["brand"]}>
        <img src={logo} alt="" />
        Drover
      </Link>
      <nav className={styles["nav"]} data-open={isOpen} aria-label={shell.navigation} id="pages">
        <ul className={styles["links"]}>
          <ShellLink to="/" label={shell.home} isExact />
          <ShellLink to="/my-jobs" label={shell.myJobs} />
          {caller.kind === "known" && caller.isAdmin && <DeskLinks />}
        </ul>
      </nav>
      <div className={styles["tools"]}>
        <ShellTools />
        <button
          type="button"
          className={`${styles["burger"]} icon-button`}
          aria-label={shell.menu}
          aria-expanded={isOpen}
          aria-controls="pages"
          onClick={() => setOpenAt(isOpen ? undefined : pathname)}
        >
          <Icon name={isOpen ? "close" : "menu"} />
        </button>
      </div>
    </div>
  );
}

/** Links to what only operators may see. */
function DeskLinks() {
  const { shell } = useMessages();
  return (
    <>
      <ShellLink to="/overview" label={shell.overview} isFirstOfDesk />
      <ShellLink to="/jobs" label={shell.jobs} />
      <ShellLink to="/workers" label={shell.workers} />
      <ShellLink to="/queues" label={shell.queues} />
    </>
  );
}

interface ShellLinkProps {
  readonly to: "/" | "/my-jobs" | "/overview" | "/jobs" | "/workers" | "/queues";
  readonly label: string;
  /** Whether pages below it leave it unmarked. */
  readonly isExact?: boolean;
  readonly isFirstOfDesk?: boolean;
}

function ShellLink({ to, label, isExact = false, isFirstOfDesk = false }: ShellLinkProps) {
  return (
    <li className={isFirstOfDesk ? styles["desk"] : undefined}>
      <Link to={to} className={styles["link"]} activeOptions={{ exact: isExact, includeSearch: false }}>
        {label}
      </Link>
    </li>
  );
}

/** Shows the operator's pages to who has the scope `admin`; the api refuses their data to anybody else. */
export function DeskGate() {
  const { desk } = useMessages();
  const caller = useCaller();
  if (caller.kind === "unknown") return null;
  if (caller.kind === "known" && caller.isAdmin) return <Outlet />;
  return <Notice icon="key" title={desk.deniedTitle} text={desk.deniedText} />;
}
