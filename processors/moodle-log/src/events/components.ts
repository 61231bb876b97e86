import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { LANGUAGES, NAMES, normalName } from "../reading/headings.js";
import { corePlugins } from "./core-events.js";

/** What Moodle's core calls itself in the Component column. */
const CORE_NAMES = ["system", "sistema", "systeme", "core", "moodle"];

const COMPONENTS = new Map<string, string>([
  ...corePlugins().map(({ component, plugin }) => [normalName(component), plugin] as const),
  ...CORE_NAMES.map((name) => [name, "core"] as const),
  ...Object.entries(NAMES.components).flatMap(([id, names]) =>
    LANGUAGES.flatMap((l) => names[l] ?? []).map((name) => [normalName(name), id] as const),
  ),
]);

/** Module types of plugins that do not come with Moodle, by the slug of the name that is shown. */
const PLUGIN_MODULES: Readonly<Record<string, string>> = parse(
  readFileSync(new URL("../../data/plugins.yaml", import.meta.url), "utf8"),
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
 * the assignment, rules of access to the quiz.
 */
export function moduleOfComponent(component: string): string {
  if (component.startsWith("mod_")) return component.slice(4);
  const parent = Object.entries(SUBPLUGINS).find(([prefix]) => component.startsWith(prefix));
  return parent?.[1] ?? PLUGIN_MODULES[component] ?? "";
}

const SUBPLUGINS: Readonly<Record<string, string>> = {
  assignsubmission_: "assign",
  assignfeedback_: "assign",
  quizaccess_: "quiz",
  quiz_: "quiz",
  booktool_: "book",
};

/** The module type of a context, as `quiz` for `Quiz: Midterm`; empty for a course and for unknown types. */
export function moduleOfContext(context: string): string {
  const type = /^([^:]{1,60}?)\s?:/.exec(context)?.[1];
  return type === undefined ? "" : moduleOfComponent(componentOf(type));
}

/** A name in lower case with hyphens. */
export function slug(name: string): string {
  return name.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
}
