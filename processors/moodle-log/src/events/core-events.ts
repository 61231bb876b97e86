import { readFileSync } from "node:fs";
import { normalName } from "../reading/headings.js";

/** What a class of event declares, in Moodle 4.1. */
export interface EventFact {
  /** The plugin, as `mod_quiz`; `core` for Moodle itself. */
  readonly plugin: string;
  /** Name of the class, as `attempt_reviewed`. */
  readonly className: string;
  readonly crud: "create" | "read" | "update" | "delete";
  /** Moodle's own view: what a teacher does, what a participant does in a course, or neither. */
  readonly edulevel: "teaching" | "participating" | "other";
}

const BY_SHOWN_NAMES = new Map<string, EventFact>();
const PLUGINS = new Map<string, string>();
const BY_PLUGIN = new Map<string, EventFact>();
const NAMES_OF_CLASSES = new Map<string, string>();

const table = readFileSync(new URL("../../data/core-events.tsv", import.meta.url), "utf8");
for (const line of table.trimEnd().split("\n")) {
  if (line.startsWith("#") || line.startsWith("component\t")) continue;
  const [component = "", name = "", plugin = "", className = "", crud, edulevel] = line.split("\t");
  // The columns crud and edulevel hold nothing else.
  const fact = { plugin, className, crud, edulevel } as EventFact;
  PLUGINS.set(component, plugin);
  addFirst(BY_SHOWN_NAMES, keyOf(component, name), fact);
  addFirst(BY_PLUGIN, keyOf(plugin, name), fact);
  NAMES_OF_CLASSES.set(`${plugin}\n${className}`, name);
}

/** The name that an English export shows for a class of event; `undefined` for classes of other plugins. */
export function nameOfClass(plugin: string, className: string): string | undefined {
  return NAMES_OF_CLASSES.get(`${plugin}\n${className}`);
}

/** A component of Moodle, by the name that an English export shows. */
export interface CorePlugin {
  readonly component: string;
  readonly plugin: string;
}

/** The components of the table. */
export function corePlugins(): readonly CorePlugin[] {
  return [...PLUGINS].map(([component, plugin]) => ({ component, plugin }));
}

/**
 * What Moodle declares of an event, by the names that an English export shows.
 * @param plugin the plugin when the component's name is known in another language.
 */
export function coreEvent(component: string, eventName: string, plugin: string): EventFact | undefined {
  return BY_SHOWN_NAMES.get(keyOf(component, eventName)) ?? BY_PLUGIN.get(keyOf(plugin, eventName));
}

function keyOf(component: string, eventName: string): string {
  return `${normalName(component)}\n${normalName(eventName)}`;
}

/** Of events that are called the same, as overrides for a user and for a group, the first stands for all. */
function addFirst(facts: Map<string, EventFact>, key: string, fact: EventFact): void {
  if (!facts.has(key)) facts.set(key, fact);
}
