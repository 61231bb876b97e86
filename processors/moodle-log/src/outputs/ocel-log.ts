import {
  type ArtifactFile,
  type ExportSource,
  rfc3339In,
  type ShownRow,
  shownRows,
} from "../kernel/index.js";
import { levelOf } from "../rules/rules.js";
import { OcelObjects } from "./ocel-objects.js";
import type { RowOptions } from "./parquet-log.js";
import { roleHint } from "./shown-log.js";
import { eventName } from "./xes-text.js";

const BATCH_ROWS = 2_000;

/** Attributes of all events, as texts. */
const ATTRIBUTES = {
  activity: (row) => row.kind.activity,
  bloom_level: (row) => levelOf(row.kind.activity),
  component: (row) => row.kind.component,
  event_name: (row) => row.kind.eventName,
  event_context: (row) => row.event_context,
  role_hint: (row) => roleHint(row.kind, row.standing),
} as const satisfies Readonly<Record<string, (row: ShownRow) => string>>;

/**
 * Writes the events as an object-centric log: OCEL 2.0 as JSON (ocel-standard.org, 2023). The events are written as
 * they come and the objects after them, of which only the ids and what they belong to are kept in memory.
 */
export async function writeOcel(
  artifact: ArtifactFile,
  source: ExportSource,
  { signal, onRows, batchRows = BATCH_ROWS }: RowOptions,
): Promise<void> {
  const objects = new OcelObjects();
  const eventTypes = new Set<string>();
  const momentOf = rfc3339In(source.timezone);
  let events = 0;
  await artifact.appendText('{"events":[');
  for (const rows of shownRows(source, batchRows)) {
    signal.throwIfAborted();
    const lines = rows.map((row) => {
      const type = eventName(row.kind, source.activityKey);
      eventTypes.add(type);
      return JSON.stringify({
        id: `event-${++events}`,
        type,
        time: momentOf(row.instant),
        attributes: attributesOf(row),
        relationships: objects.relationshipsOf(row),
      });
    });
    await artifact.appendText(`${events === rows.length ? "" : ","}\n${lines.join(",\n")}`);
    onRows(rows.length);
  }
  await artifact.appendText('\n],\n"objects":[');
  await writeList(artifact, objects.all(), signal);
  const attributes = Object.keys(ATTRIBUTES).map((name) => ({ name, type: "string" }));
  const types = [...eventTypes].map((name) => ({ name, attributes }));
  await artifact.appendText(
    `],\n"objectTypes":${JSON.stringify(objects.types())},\n"eventTypes":${JSON.stringify(types)}}\n`,
  );
}

function attributesOf(row: ShownRow) {
  return Object.entries(ATTRIBUTES).flatMap(([name, of]) => {
    const value = of(row);
    return value === "" ? [] : [{ name, value }];
  });
}

async function writeList(
  artifact: ArtifactFile,
  things: Iterable<object>,
  signal: AbortSignal,
): Promise<void> {
  let batch: string[] = [];
  let isFirst = true;
  const append = async () => {
    signal.throwIfAborted();
    await artifact.appendText(`${isFirst ? "" : ","}\n${batch.join(",\n")}`);
    isFirst = false;
    batch = [];
  };
  for (const thing of things) {
    batch.push(JSON.stringify(thing));
    if (batch.length === BATCH_ROWS) await append();
  }
  if (batch.length > 0) await append();
}
