import type { EventBus, Log, StorageHistory, StorageSpace } from "@drover/core";
import { errorFields } from "@drover/log";

/** Notes how full the storage is after each sweep, so that the sample also tells when one was. */
export function noteStorage(
  events: Pick<EventBus, "on">,
  deps: {
    readonly history: Pick<StorageHistory, "note">;
    readonly space: () => Promise<StorageSpace>;
    /** For trouble that repeats. */
    readonly quietLog: Log;
  },
): void {
  const note = async () => deps.history.note(await deps.space());
  events.on("sweep.ended", () => {
    note().catch((error: unknown) =>
      deps.quietLog.warn("How full the storage is was not noted; the next sweep does", errorFields(error)),
    );
  });
}
