import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { wordingOf } from "../kernel/index.js";
import { LANGUAGES, NAMES, normalName } from "../reading/headings.js";
import { readWording, type Wording } from "./wording.js";

/** What Moodle's core calls itself in the Component column. */
const CORE_NAMES = ["system", "sistema", "systeme", "core", "moodle"];

const COMPONENTS = new Map<string, string>([
  ...CORE_NAMES.map((name) => [name, "core"] as const),
  ...Object.entries(NAMES.components).flatMap(([id, names]) =>
    LANGUAGES.flatMap((l) => names[l] ?? []).map((name) => [normalName(name), id] as const),
  ),
]);

const EVENTS = new Map<string, string[]>();
for (const [id, names] of Object.entries(NAMES.events)) {
  for (const name of new Set(LANGUAGES.flatMap((l) => names[l] ?? []).map(normalName))) {
    EVENTS.set(name, [...(EVENTS.get(name) ?? []), id]);
  }
}

const DESCRIPTIONS: Readonly<Record<string, string>> = parse(
  readFileSync(new URL("../../data/events.yaml", import.meta.url), "utf8"),
);

/**
 * The plugin behind a cell of the Component column: `core`, a plugin name (`mod_quiz`), or the cell itself in
 * lower case with hyphens when no language pack knows it.
 */
export function componentOf(cell: string): string {
  const name = normalName(cell);
  if (/^[a-z]+_[a-z0-9_]+$/.test(name)) return name;
  return COMPONENTS.get(name) ?? slug(name);
}

/**
 * The module type that a plugin is, as `quiz` for `mod_quiz`; empty for others. Submission plugins belong to
 * the assignment.
 */
export function moduleOfComponent(component: string): string {
  if (component.startsWith("mod_")) return component.slice(4);
  return component.startsWith("assignsubmission_") || component.startsWith("assignfeedback_") ? "assign" : "";
}

/**
 * Moodle's string id of an event (`forum:eventpostcreated`), or its name in lower case with hyphens when no
 * language pack knows it.
 */
export function eventOf(component: string, eventName: string): string {
  const name = normalName(eventName);
  const ids = EVENTS.get(name) ?? [];
  const owner = [component, moduleOfComponent(component)];
  const own = ids.find((id) => owner.includes(pluginOf(id)));
  const general = ids.find((id) => CORE_PLUGINS.has(pluginOf(id)));
  const isOpen = component === "core" || !COMPONENT_IDS.has(component);
  return own ?? general ?? (isOpen ? ids[0] : undefined) ?? slug(name);
}

const CORE_PLUGINS = new Set(["moodle", "completion", "grades", "auth"]);
const COMPONENT_IDS = new Set(Object.keys(NAMES.components));

function pluginOf(eventId: string): string {
  return eventId.slice(0, eventId.indexOf(":"));
}

function slug(name: string): string {
  return name.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
}

/**
 * What the English description of an event says, for a row that has none; `undefined` for an event that is
 * not known.
 */
export function wordingOfEvent(event: string, module: string): Wording | undefined {
  const description = DESCRIPTIONS[event];
  if (description === undefined) return undefined;
  const wording = readWording(wordingOf(description.replaceAll("MODULE", module === "" ? "module" : module)));
  return wording.module === "module" ? { ...wording, module: "" } : wording;
}

/** English descriptions by event id; the ids are those of the language packs. */
export function eventDescriptions(): Readonly<Record<string, string>> {
  return DESCRIPTIONS;
}

const ENGLISH_VERBS =
  /\b(viewed|created|updated|deleted|submitted|uploaded|started|answered|graded|assessed|sent|posted|added|joined|launched|downloaded|enrolled|unenrolled|assigned|completed)\b/;

/**
 * The verb of an English event name, for a plugin whose description says nothing; empty when there is none.
 */
export function actionOfEventName(eventName: string): string {
  return ENGLISH_VERBS.exec(normalName(eventName))?.[1] ?? "";
}
