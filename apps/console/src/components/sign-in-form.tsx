import { Button, PasswordInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { type SignInRefusal, signIn } from "../api/browser-session.js";
import type { Messages } from "../i18n/en.js";
import { useMessages } from "../i18n/language.js";
import { usePageTitle } from "./page-title.js";
import styles from "./sign-in-form.module.css";

/** Where somebody signs in with a key, in the place of a page that needs one. */
export function SignInForm() {
  const { signIn: words } = useMessages();
  usePageTitle(words.title);
  const [key, setKey] = useState("");
  const [refusal, setRefusal] = useState<SignInRefusal>();
  const [isSent, setIsSent] = useState(false);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setIsSent(true);
    setRefusal(await signIn(key));
    setIsSent(false);
  };
  return (
    <form className={`${styles["form"]} card`} onSubmit={send}>
      <div>
        <h1 className={styles["title"]}>{words.title}</h1>
        <p className={styles["text"]}>{words.text}</p>
      </div>
      <PasswordInput
        label={words.key}
        description={words.keyHelp}
        size="md"
        autoComplete="current-password"
        required
        withAsterisk={false}
        value={key}
        error={refusal === undefined ? undefined : refusalText(refusal, words)}
        onChange={(event) => setKey(event.currentTarget.value)}
      />
      <Button type="submit" loading={isSent}>
        {words.submit}
      </Button>
    </form>
  );
}

function refusalText(refusal: SignInRefusal, words: Messages["signIn"]): string {
  return refusal.code === "too_many" ? words.too_many(refusal.retryAfterS) : words[refusal.code];
}
