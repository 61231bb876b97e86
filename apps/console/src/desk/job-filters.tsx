import { NativeSelect, TextInput } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { useProcessors } from "../api/catalogue-queries.js";
import { Icon } from "../components/icon.js";
import { useDeskMessages } from "../i18n/desk-language.js";
import { useMessages } from "../i18n/language.js";
import styles from "./job-filters.module.css";
import { AGES_MS, type JobSearch } from "./job-search.js";

interface JobFiltersProps {
  readonly search: JobSearch;
  /** Changes members of it; "" takes one away. */
  readonly onChange: (change: JobSearch) => void;
}

/** What narrows the table: a text, and the state, the processor, the age, a tag and the tenant. */
export function JobFilters({ search, onChange }: JobFiltersProps) {
  const { jobs: words } = useDeskMessages();
  const { job } = useMessages();
  const processors = useProcessors().data ?? [];
  const names = new Set(processors.map(({ name }) => name));
  if (search.processor !== undefined) names.add(search.processor);
  return (
    <search className={styles["filters"]}>
      <TypedText
        label={words.search}
        value={search.q}
        onChange={(q) => onChange({ q })}
        icon={<Icon name="search" size={18} />}
        className={styles["text"]}
      />
      <NativeSelect
        aria-label={words.status}
        value={search.status ?? ""}
        data={[
          { value: "", label: words.anyStatus },
          ...Object.entries(job.status).map(([value, label]) => ({ value, label })),
        ]}
        onChange={(event) => onChange({ status: event.currentTarget.value })}
      />
      <NativeSelect
        aria-label={words.processor}
        value={search.processor ?? ""}
        data={[{ value: "", label: words.anyProcessor }, ...[...names].sort()]}
        onChange={(event) => onChange({ processor: event.currentTarget.value })}
      />
      <NativeSelect
        aria-label={words.since}
        value={search.since ?? ""}
        data={[
          { value: "", label: words.anySince },
          ...Object.keys(AGES_MS).map((age) => ({ value: age, label: words.ages[age] ?? age })),
        ]}
        onChange={(event) => onChange({ since: event.currentTarget.value })}
      />
      <TypedText
        label={words.tag}
        hint={`${words.tag}: ${words.tagHint}`}
        value={search.tag}
        onChange={(tag) => onChange({ tag })}
      />
      <TypedText
        label={words.tenant}
        hint={words.anyTenant}
        value={search.tenant}
        onChange={(tenant) => onChange({ tenant })}
      />
    </search>
  );
}

interface TypedTextProps {
  readonly label: string;
  /** Default: the label. */
  readonly hint?: string;
  readonly value: string | undefined;
  readonly onChange: (text: string) => void;
  readonly icon?: ReactNode;
  readonly className?: string | undefined;
}

/** Typing this long without a pause makes one search, in ms. */
const PAUSE_MS = 300;

/** A text that is searched for when the person pauses. */
function TypedText({ label, hint = label, value = "", onChange, icon, className }: TypedTextProps) {
  const [typed, setTyped] = useState({ text: value, of: value });
  // The address has changed otherwise, as by a link or the back button.
  if (typed.of !== value) setTyped({ text: value, of: value });
  const text = typed.of === value ? typed.text : value;
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => onChange(text.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={hint}
      leftSection={icon}
      className={className ?? ""}
      value={text}
      onChange={(event) => setTyped({ text: event.currentTarget.value, of: value })}
    />
  );
}
