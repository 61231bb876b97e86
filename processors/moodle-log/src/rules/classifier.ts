import { actionOfEventName, componentOf, eventOf, factsOfEvent, moduleOfComponent } from "../facts/names.js";
import type { Activity } from "./activity.js";
import { type EventFacts, firstMatch, type Rule } from "./rules.js";

/** A kind of event: what all rows with the same component, event name and wording have in common. */
export interface EventKind {
  readonly component: string;
  readonly eventName: string;
  /** From the description; empty when it has none or says nothing. */
  readonly module: string;
  readonly action: string;
  readonly object: string;
  readonly subject: EventFacts["subject"];
  readonly actor: EventFacts["actor"];
  /** Whether somebody was logged in as somebody else. */
  readonly isLoginAs: boolean;
}

/** What a kind of event was found to be. */
export interface Classified {
  readonly activity: Activity;
  /** The rule that took it; `undefined` for Others. */
  readonly rule: string | undefined;
  readonly module: string;
  readonly facts: EventFacts;
}

/** Facts of an event: from its description first, from its localised names where that says nothing. */
export function factsOf(kind: EventKind): EventFacts {
  const component = componentOf(kind.component);
  const event = eventOf(component, kind.eventName);
  const ownModule = moduleOfComponent(component);
  const known = kind.action === "" ? factsOfEvent(event, ownModule) : undefined;
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
  const facts = factsOf(kind);
  const rule = firstMatch(rules, facts);
  return { activity: rule?.activity ?? "Others", rule: rule?.name, module: facts.module, facts };
}
