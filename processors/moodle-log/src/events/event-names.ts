import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { wordingOf } from "../kernel/index.js";
import { LANGUAGES, NAMES, normalName } from "../reading/headings.js";
import { moduleOfComponent, slug } from "./components.js";
import { coreEvent, type EventFact } from "./core-events.js";
import type { Deed } from "./deed.js";
import { readWording, type Wording } from "./wording.js";

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

/** What Moodle declares of an event; `undefined` for plugins of others and for names in unknown languages. */
export function factOf(
  names: { readonly component: string; readonly eventName: string },
  { component, event }: { readonly component: string; readonly event: string },
): EventFact | undefined {
  return (
    coreEvent(names.component, names.eventName, component) ??
    coreEvent(component, NAMES.events[event]?.en ?? "", component)
  );
}

/**
 * What an event is by its names alone, as its English description would say it. Where the description of the
 * event is not known, the name of its class tells (`attempt_reviewed`), else the verb of an English name.
 */
export function deedOfNames(eventName: string, event: string, fact: EventFact | undefined): Deed {
  const known = wordingOfEvent(event);
  if (known !== undefined) return { action: known.action, object: known.object };
  if (fact !== undefined) return deedOfClass(fact.className);
  const name = normalName(eventName);
  const verb = ENGLISH_VERBS.exec(name);
  return { action: verb?.[1] ?? "", object: name.slice(0, verb?.index ?? 0).trim() };
}

/** The module type that the description of a known event names; empty for one that is of any module. */
export function moduleOfEvent(event: string): string {
  const module = wordingOfEvent(event)?.module ?? "";
  return module === ANY_MODULE ? "" : module;
}

/** Stands in the descriptions for the module type of the row's component. */
const ANY_MODULE = "module";
const WORDINGS = new Map<string, Wording>();

function wordingOfEvent(event: string): Wording | undefined {
  const description = DESCRIPTIONS[event];
  if (description === undefined) return undefined;
  const known = WORDINGS.get(event) ?? readWording(wordingOf(description.replaceAll("MODULE", ANY_MODULE)));
  WORDINGS.set(event, known);
  return known;
}

function deedOfClass(className: string): Deed {
  const at = className.lastIndexOf("_");
  return {
    action: className.slice(at + 1),
    object: className.slice(0, Math.max(0, at)).replaceAll("_", " "),
  };
}

const ENGLISH_VERBS = new RegExp(
  `\\b(${[
    "viewed created updated deleted submitted uploaded started answered graded regraded assessed sent posted",
    "added joined left launched downloaded enrolled unenrolled assigned completed complete resumed saved",
    "attempted evaluated taken took listed printed exported imported removed edited reviewed finished ended",
    "reopened run debugged clicked rated",
  ]
    .join(" ")
    .replaceAll(" ", "|")})\\b`,
);

/** English descriptions by event id; the ids are those of the language packs. */
export function eventDescriptions(): Readonly<Record<string, string>> {
  return DESCRIPTIONS;
}
