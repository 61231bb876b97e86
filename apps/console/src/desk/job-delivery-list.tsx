import type { Delivery } from "@drover/client";
import { Button } from "@mantine/core";
import { ProblemNote } from "../components/problem-note.js";
import { formatExact, formatSpan } from "../i18n/desk-formats.js";
import { useDeskMessages } from "../i18n/desk-language.js";
import { useLanguage } from "../i18n/language.js";
import { useDeliveries, useRedeliver } from "./desk-job-queries.js";
import { DeskSection, NothingThere } from "./desk-section.js";
import styles from "./job-delivery-list.module.css";

/** What became of the webhooks of a job; each can be sent again. */
export function JobDeliveryList({ jobId }: { readonly jobId: string }) {
  const { job: words } = useDeskMessages();
  const { data: deliveries, error } = useDeliveries(jobId);
  const again = useRedeliver(jobId);
  const trouble = error ?? again.error;
  return (
    <DeskSection title={words.deliveries}>
      {trouble !== null && <ProblemNote error={trouble} />}
      {deliveries?.length === 0 && <NothingThere>{words.noDeliveries}</NothingThere>}
      <ul className={styles["deliveries"]}>
        {deliveries?.map((delivery) => (
          <li key={delivery.id} className={styles["delivery"]}>
            <DeliveryLine delivery={delivery} />
            <Button
              variant="default"
              size="xs"
              aria-label={`${words.sendAgain}: ${delivery.event}, ${delivery.url}`}
              disabled={again.isPending && again.variables === delivery.id}
              onClick={() => again.mutate(delivery.id)}
            >
              {words.sendAgain}
            </Button>
          </li>
        ))}
      </ul>
    </DeskSection>
  );
}

function DeliveryLine({ delivery }: { readonly delivery: Delivery }) {
  const { job: words } = useDeskMessages();
  const { code } = useLanguage();
  const { event, url, status, attempts, last_attempt: last } = delivery;
  const answer = last?.status_code ?? null;
  return (
    <div className={styles["what"]}>
      <p className={styles["line"]}>
        <code>{event}</code>
        <span className={styles["status"]} data-status={status}>
          {words.deliveryStatus[status] ?? status}
        </span>
      </p>
      <p className={styles["url"]}>{url}</p>
      <p className={styles["detail"]}>
        <span>{words.tries(attempts)}</span>
        {last !== null && <span>{formatExact(Date.parse(last.at), code)}</span>}
        {answer !== null && <span>{words.answered(answer)}</span>}
        {last?.problem != null && <code>{last.problem}</code>}
        {last !== null && <span>{formatSpan(last.duration_ms, code)}</span>}
      </p>
    </div>
  );
}
