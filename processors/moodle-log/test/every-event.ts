import { readFileSync } from "node:fs";
import { type EventKind, readWording } from "../src/events/wording.js";
import { wordingOf } from "../src/kernel/index.js";
import { LANGUAGES, NAMES } from "../src/reading/headings.js";
import { labelledEvents } from "./labelled-log.js";

/** An event of Moodle's as a log shows it, before anything is known of who acts on whom. */
export function kindOf(
  names: { readonly component: string; readonly eventName: string },
  description = "",
): EventKind {
  const { module, action, object } = readWording(wordingOf(description));
  return {
    ...names,
    module,
    action,
    object,
    place: "",
    subject: "none",
    actor: "person",
    declared: "",
    isLoginAs: false,
  };
}

/**
 * Every event that is known, whoever acts on whomever: all classes of Moodle 4.1 by their English names, all events
 * of the language packs by their names in every language, and the labelled set.
 */
export function everyEvent(): readonly EventKind[] {
  return [...coreNames(), ...translatedNames(), ...labelled()].flatMap((kind) =>
    (["none", "self", "other"] as const).flatMap((subject) => [
      { ...kind, subject },
      { ...kind, subject, actor: "nobody" as const },
      { ...kind, subject, actor: "machine" as const },
      { ...kind, subject, place: "studentquiz" },
    ]),
  );
}

function coreNames(): EventKind[] {
  const table = readFileSync(new URL("../data/core-events.tsv", import.meta.url), "utf8");
  return table
    .split("\n")
    .filter((line) => /^[^#].*\t/.test(line))
    .map((line) => {
      const [component = "", eventName = ""] = line.split("\t");
      return kindOf({ component, eventName });
    });
}

function translatedNames(): EventKind[] {
  return LANGUAGES.flatMap((language) =>
    Object.entries(NAMES.events).flatMap(([event, names]) =>
      Object.entries(NAMES.components)
        .filter(
          ([plugin]) => plugin.endsWith(`_${event.slice(0, event.indexOf(":"))}`) || event === MODULE_VIEWED,
        )
        .map(([, component]) =>
          kindOf({ component: component[language] ?? "", eventName: names[language] ?? "" }),
        ),
    ),
  );
}

const MODULE_VIEWED = "moodle:eventcoursemoduleviewed";

function labelled(): EventKind[] {
  return labelledEvents().flatMap((event) => {
    const description = event.description.replaceAll("{u}", "5").replaceAll("{r}", "6");
    return [
      kindOf(event, description),
      kindOf(event),
      kindOf({ component: "Ukendt", eventName: "Ukendt" }, description),
    ];
  });
}
