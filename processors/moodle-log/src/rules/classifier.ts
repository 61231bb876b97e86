import {
  actionOfEventName,
  componentOf,
  eventOf,
  moduleOfComponent,
  wordingOfEvent,
} from "../events/event-names.js";
import type { EventKind } from "../events/wording.js";
import type { Activity } from "./activity.js";
import { type EventTraits, firstMatch, type Rule } from "./rules.js";

/** What a kind of event was found to be. */
export interface Classified {
  readonly activity: Activity;
  /** The rule that took it; `undefined` for Others. */
  readonly rule: string | undefined;
  readonly module: string;
  readonly traits: EventTraits;
}

/**
 * What a rule can look at of an event: from its description first, from its localised names where that says
 * nothing.
 */
export function traitsOf(kind: EventKind): EventTraits {
  const component = componentOf(kind.component);
  const event = eventOf(component, kind.eventName);
  const ownModule = moduleOfComponent(component);
  const known = kind.action === "" ? wordingOfEvent(event, ownModule) : undefined;
  return {
    component,
    event,
    module: kind.module || ownModule || (known?.module ?? ""),
    action: kind.action || known?.action || actionOfEventName(kind.eventName),
    object: kind.object || (known?.object ?? ""),
    subject: kind.subject,
    actor: kind.actor,
  };
}

/** Decides what a kind of event is. */
export function classify(rules: readonly Rule[], kind: EventKind): Classified {
  const traits = traitsOf(kind);
  const rule = firstMatch(rules, traits);
  return { activity: rule?.activity ?? "Others", rule: rule?.name, module: traits.module, traits };
}
