import { useId, useState } from "react";
import { useMessages } from "../i18n/language.js";
import type { FormValues, ParamField, ParamProblems } from "../params/param-fields.js";
import { Icon } from "./icon.js";
import styles from "./options-panel.module.css";
import { ParamInput } from "./param-input.js";

interface OptionsPanelProps {
  readonly fields: readonly ParamField[];
  readonly values: FormValues;
  readonly onChange: (values: FormValues) => void;
  /** What the server said about them. */
  readonly problems?: ParamProblems | undefined;
}

/**
 * The params as a form. Closed where none is needed, since processors have good values of their own; open where
 * one is, or where one is wrong.
 */
export function OptionsPanel({ fields, values, onChange, problems }: OptionsPanelProps) {
  const { form } = useMessages();
  const id = useId();
  const isNeeded = fields.some(({ isRequired }) => isRequired);
  const [isOpen, setIsOpen] = useState(isNeeded || problems !== undefined);
  const changed = fields.filter(({ name, initial }) => (values[name] ?? initial) !== initial).length;
  return (
    <section className={styles["panel"]}>
      <button
        type="button"
        className={styles["toggle"]}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setIsOpen(!isOpen)}
      >
        <span className={styles["arrow"]} data-open={isOpen}>
          <Icon name="right" />
        </span>
        <span className={styles["title"]}>{form.options}</span>
        <span className={styles["hint"]}>
          {changed > 0 ? form.changed(changed) : isNeeded ? "" : form.optionsHelp}
        </span>
      </button>
      <div id={id} hidden={!isOpen} className={styles["fields"]}>
        {problems?.others.map((sentence) => (
          <p key={sentence} role="alert" className={styles["bad"]}>
            {sentence}
          </p>
        ))}
        {fields.map((field) => (
          <ParamInput
            key={field.name}
            field={field}
            value={values[field.name] ?? field.initial}
            error={problems?.byField.get(field.name)?.join(" ")}
            onChange={(value) => onChange({ ...values, [field.name]: value })}
          />
        ))}
      </div>
    </section>
  );
}
