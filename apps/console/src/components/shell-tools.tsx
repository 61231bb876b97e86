import { NativeSelect, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { signOut } from "../api/browser-session.js";
import { useCaller } from "../api/use-caller.js";
import { LANGUAGE_NAMES, type LanguageCode, useLanguage } from "../i18n/language.js";
import { Icon } from "./icon.js";

/** Language, colours and session, at the end of the bar. */
export function ShellTools() {
  return (
    <>
      <LanguageChoice />
      <ColorChoice />
      <Session />
    </>
  );
}

function LanguageChoice() {
  const { code, choose, messages } = useLanguage();
  return (
    <NativeSelect
      aria-label={messages.shell.language}
      size="sm"
      variant="unstyled"
      value={code}
      data={LANGUAGE_NAMES.map((each) => ({ value: each.code, label: each.name }))}
      onChange={(event) => void choose(event.currentTarget.value as LanguageCode)} // one of `data`
    />
  );
}

function ColorChoice() {
  const { shell } = useLanguage().messages;
  const { setColorScheme } = useMantineColorScheme();
  const shown = useComputedColorScheme("light");
  const other = shown === "dark" ? "light" : "dark";
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={shell[other]}
      title={shell[other]}
      onClick={() => setColorScheme(other)}
    >
      <Icon name={other === "light" ? "sun" : "moon"} />
    </button>
  );
}

function Session() {
  const { shell } = useLanguage().messages;
  const caller = useCaller();
  if (caller.kind !== "known" || caller.keyId === null) return null;
  return (
    <button type="button" className="text-button" title={shell.signedInAs(caller.tenant)} onClick={signOut}>
      {shell.signOut}
    </button>
  );
}
