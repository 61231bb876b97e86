import { describe } from "vitest";
import { type CreateQueue, QueueBench } from "./bench.js";
import { cancelTopic } from "./cancel.js";
import { changedTopic } from "./changed.js";
import { drainTopic } from "./drain.js";
import { historyTopic } from "./history.js";
import { installationTopic } from "./installation-marks.js";
import { lifeTopic } from "./life.js";
import { listTopic } from "./list.js";
import { orderTopic } from "./order.js";
import { progressTopic } from "./progress.js";
import { retriesTopic } from "./retries.js";
import { sharedTopic } from "./shared.js";
import { submitTopic } from "./submit.js";
import { upkeepTopic } from "./upkeep.js";

export type { CreateQueue, QueueUnderTest } from "./bench.js";

/** The behaviour that every set of queue ports has. `create` answers an empty queue for each test. */
export function queueSuite(name: string, create: CreateQueue): void {
  const withBench = (body: (bench: QueueBench) => Promise<void>) => async () => {
    const underTest = await create();
    const bench = new QueueBench(underTest);
    try {
      await body(bench);
    } finally {
      await bench.close();
      await underTest.close();
    }
  };
  const topics = {
    submitting: submitTopic,
    "the life of a job": lifeTopic,
    progress: progressTopic,
    retries: retriesTopic,
    cancelling: cancelTopic,
    order: orderTopic,
    listing: listTopic,
    "history and log lines": historyTopic,
    "waiting for a change": changedTopic,
    draining: drainTopic,
    "a person's retry, removal and age": upkeepTopic,
    "what processes share": sharedTopic,
    "whose server it is": installationTopic,
  };
  describe(`the queue: ${name}`, () => {
    for (const [title, topic] of Object.entries(topics)) describe(title, () => topic(withBench));
  });
}
