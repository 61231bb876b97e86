import { Button } from "@mantine/core";
import { useState } from "react";
import { useDeskMessages } from "../i18n/desk-language.js";
import styles from "./bulk-bar.module.css";
import { BulkDialog } from "./bulk-dialog.js";
import { type BulkAction, statusesFor } from "./bulk-run.js";
import { filterOf, type JobSearch } from "./job-search.js";

const ACTIONS: readonly BulkAction[] = ["retry", "cancel", "delete"];

/** What can be done with all jobs that the search finds, shown or not. */
export function BulkBar({ search, onDone }: { readonly search: JobSearch; readonly onDone: () => void }) {
  const { bulk } = useDeskMessages();
  const [action, setAction] = useState<BulkAction>();
  const filter = filterOf(search, Date.now());
  const close = () => {
    setAction(undefined);
    onDone();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form
    <div className={styles["bar"]} role="group" aria-label={bulk.title}>
      {ACTIONS.map((each) => (
        <Button
          key={each}
          variant="default"
          size="xs"
          disabled={statusesFor(each, filter).length === 0}
          onClick={() => setAction(each)}
        >
          {bulk.open[each]}
        </Button>
      ))}
      {action !== undefined && <BulkDialog action={action} search={search} onClose={close} />}
    </div>
  );
}
