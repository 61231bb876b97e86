import { componentOf, moduleOfComponent } from "../events/components.js";
import { deedOfNames, eventOf, factOf, moduleOfEvent } from "../events/event-names.js";
import type { EventKind } from "../events/wording.js";
import { type Activity, type EventTraits, firstMatch, type Rules } from "./rules.js";

/** What a kind of event was found to be. */
export interface Classified {
  readonly activity: Activity;
  /** The rule that took it; `undefined` for Others. */
  readonly rule: string | undefined;
  readonly module: string;
  /** What was done, and what it was done to. */
  readonly action: string;
  readonly object: string;
  /** Whether it shows that the actor teaches: what is done to oneself does not. */
  readonly isTeaching: boolean;
  /** Whether something is only looked at, as Moodle declares it or, where that is not known, the verb says. */
  readonly isView: boolean;
}

const VIEW_VERBS = /^(?:viewed|read|listed|searched|downloaded|printed|exported|previewed)$/;

/**
 * Decides what a kind of event is: by its description, else by its names, else by what Moodle declares of it.
 */
export function classify(rules: Rules, kind: EventKind): Classified {
  const { said, named } = traitsOf(kind);
  const rule =
    firstMatch(rules.first, said) ?? firstMatch(rules.first, named) ?? firstMatch(rules.otherwise, said);
  const activity = rule?.activity ?? "Others";
  return {
    activity,
    rule: rule?.name,
    module: said.module,
    action: said.action,
    object: said.object,
    isTeaching: activity === "Teach" && kind.subject !== "self",
    isView: said.crud === "" ? VIEW_VERBS.test(said.action) : said.crud === "read",
  };
}

/** What a rule can look at: as the description says it, and as the names do. */
function traitsOf(kind: EventKind): { readonly said: EventTraits; readonly named: EventTraits } {
  const component = componentOf(kind.component);
  const event = eventOf(component, kind.eventName);
  const fact = factOf(kind, { component, event });
  const module = kind.module || moduleOfComponent(component) || moduleOfEvent(event);
  // Where it is not empty, `readWording` found one of each.
  const [edulevel, crud] = kind.declared.split(", ") as [EventTraits["edulevel"], EventTraits["crud"]?];
  const named: EventTraits = {
    ...deedOfNames(kind.eventName, event, fact),
    component,
    event,
    module,
    place: kind.place,
    subject: kind.subject,
    actor: kind.actor,
    crud: fact?.crud ?? crud ?? "",
    edulevel: fact?.edulevel ?? edulevel ?? "",
  };
  const { action, object } = kind;
  return { said: action === "" ? named : { ...named, action, object }, named };
}
