import { NativeSelect, Switch, Textarea, TextInput } from "@mantine/core";
import { useId } from "react";
import { formatNumber } from "../i18n/formats.js";
import { useLanguage } from "../i18n/language.js";
import type { FieldValue, ParamField } from "../params/param-fields.js";

interface ParamInputProps {
  readonly field: ParamField;
  readonly value: FieldValue;
  /** What the server said about it. */
  readonly error: string | undefined;
  readonly onChange: (value: FieldValue) => void;
}

/** One param with its label, help and error. */
export function ParamInput({ field, value, error, onChange }: ParamInputProps) {
  const { form } = useLanguage().messages;
  const help = useHelp(field);
  const shared = {
    label: field.label,
    description: help === "" ? undefined : help,
    error,
    required: field.isRequired,
  };
  const text = String(value);
  const take = (event: { readonly currentTarget: { readonly value: string } }) =>
    onChange(event.currentTarget.value);
  switch (field.kind) {
    case "switch":
      return (
        <Switch
          {...shared}
          required={false}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case "choice": {
      const isFree = field.initial === "" && !field.isRequired;
      const choices = field.choices.map((choice) => ({ value: choice, label: choice }));
      const data = isFree ? [{ value: "", label: form.byItself }, ...choices] : choices;
      return <NativeSelect {...shared} data={data} value={text} onChange={take} />;
    }
    case "lines":
    case "json":
      return (
        <Textarea
          {...shared}
          value={text}
          onChange={take}
          autosize={false}
          rows={field.kind === "json" ? 4 : 3}
        />
      );
    case "number":
      return <TextInput {...shared} inputMode="decimal" value={text} onChange={take} />;
    case "text":
      return <SuggestingInput field={field} value={text} shared={shared} onChange={onChange} />;
  }
}

interface SuggestingInputProps {
  readonly field: Extract<ParamField, { kind: "text" }>;
  readonly value: string;
  readonly shared: object;
  readonly onChange: (value: string) => void;
}

function SuggestingInput({ field, value, shared, onChange }: SuggestingInputProps) {
  const list = useId();
  const suggestions = field.suggestions === "time_zones" ? timeZones() : [];
  const isSuggesting = suggestions.length > 0;
  return (
    <>
      <TextInput
        {...shared}
        value={value}
        autoComplete="off"
        list={isSuggesting ? list : undefined}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      {isSuggesting && (
        <datalist id={list}>
          {suggestions.map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
      )}
    </>
  );
}

/** What the author says about the param, and how it is written. */
function useHelp(field: ParamField): string {
  const { locale, messages } = useLanguage();
  const { form } = messages;
  const notes = [field.help];
  if (field.kind === "lines") notes.push(form.linesHelp);
  if (field.kind === "json") notes.push(form.jsonHelp);
  if (field.kind === "number" && field.min !== undefined && field.max !== undefined)
    notes.push(form.between(formatNumber(field.min, locale), formatNumber(field.max, locale)));
  return notes
    .filter((note) => note !== "")
    .map((note) => note.replace(/\.$/, ""))
    .join(". ");
}

/** The zones that this browser knows, its own first, for a person to choose from. */
function timeZones(): readonly string[] {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [own, ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== own)];
}
