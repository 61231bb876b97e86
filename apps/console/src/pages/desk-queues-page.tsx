import { Notice, ProblemNote } from "../components/notice.js";
import { DeskFrame } from "../desk/desk-frame.js";
import { useQueues } from "../desk/desk-queries.js";
import { QueueTable } from "../desk/queue-table.js";
import { useDeskMessages } from "../i18n/desk-language.js";

/** The queues: what waits and runs in each, and how it is handed out. */
export function DeskQueuesPage() {
  const { queues: words, board } = useDeskMessages();
  const { data: queues, error } = useQueues();
  return (
    <DeskFrame title={words.title} aside={<a href="/admin/queues">{board}</a>}>
      {error !== null && <ProblemNote error={error} />}
      {queues?.length === 0 && (
        <Notice icon="clock" level={2} title={words.noneTitle} text={words.noneText} />
      )}
      {queues !== undefined && queues.length > 0 && <QueueTable queues={queues} />}
    </DeskFrame>
  );
}
