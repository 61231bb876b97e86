import { Notice, ProblemNote } from "../components/notice.js";
import { DeskFrame } from "../desk/desk-frame.js";
import { useWorkers } from "../desk/desk-queries.js";
import { WorkerCard } from "../desk/worker-card.js";
import styles from "../desk/worker-card.module.css";
import { useDeskMessages } from "../i18n/desk-language.js";

/** The workers, what each runs, and a way to stop one in good order. */
export function DeskWorkersPage() {
  const { workers: words } = useDeskMessages();
  const { data: workers, error } = useWorkers();
  const count = workers === undefined ? "" : words.count(workers.length);
  return (
    <DeskFrame title={words.title} aside={<p className="quiet">{count}</p>}>
      {error !== null && <ProblemNote error={error} />}
      {workers?.length === 0 && (
        <Notice icon="clock" level={2} title={words.noneTitle} text={words.noneText} />
      )}
      <ul className={styles["workers"]}>
        {workers?.map((worker) => (
          <li key={worker.worker}>
            <WorkerCard worker={worker} />
          </li>
        ))}
      </ul>
    </DeskFrame>
  );
}
