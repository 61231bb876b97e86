import { normalName } from "../reading/headings.js";
import type { Actors } from "./actor.js";
import { type Participant, standingOfRole } from "./participants.js";

/** What a participants list settles of the actors of a log. */
export interface SettledPeople {
  /** By actor; `undefined` for somebody of whom the list says nothing. */
  readonly standings: readonly ("staff" | "student" | undefined)[];
  /** By actor: their groups, as `normalName` gives them. */
  readonly groups: readonly (readonly string[])[];
  /** People in the list, and those of them who act in the log. */
  readonly listed: number;
  readonly matched: number;
  /** People in the list who do nothing in the log, by id or name. */
  readonly unmatched: readonly string[];
  /** Names in the list that several people of the log have, or several of the list. */
  readonly ambiguous: readonly string[];
  /** Roles that no language tells. */
  readonly unknownRoles: readonly string[];
}

/** Finds the people of a list among the actors: by user id, else by full name without regard to case and accents. */
export function settlePeople(actors: Actors, list: readonly Participant[]): SettledPeople {
  const found = findActors(actors);
  const standings = new Array<"staff" | "student" | undefined>(actors.count).fill(undefined);
  const groups = new Array<readonly string[]>(actors.count).fill([]);
  const [unmatched, ambiguous, unknownRoles] = [[] as string[], new Set<string>(), new Set<string>()];
  const owners = new Map<number, Participant>();
  for (const person of list) {
    const told = person.roles.map((role) => ({ role, standing: standingOfRole(role) }));
    for (const { role, standing } of told) if (standing === undefined) unknownRoles.add(role);
    const who = person.id ?? person.names[0] ?? "";
    const match = found(person);
    if (match === "none") unmatched.push(who);
    if (
      match === "several" ||
      (match !== "none" && match.some((actor) => differs(owners.get(actor), person)))
    )
      ambiguous.add(who);
    if (typeof match === "string") continue;
    for (const actor of match) {
      owners.set(actor, person);
      standings[actor] =
        told.find(({ standing }) => standing === "staff")?.standing ??
        told.find(({ standing }) => standing !== undefined)?.standing;
      groups[actor] = person.groups.map(normalName);
    }
  }
  for (const [actor, { id, names }] of owners) {
    if (!ambiguous.has(id ?? names[0] ?? "")) continue;
    standings[actor] = undefined;
    groups[actor] = [];
  }
  return {
    ...{ standings, groups, unmatched },
    listed: list.length,
    matched: list.length - unmatched.length,
    ambiguous: [...ambiguous],
    unknownRoles: [...unknownRoles],
  };
}

/** Whether somebody was found who is not the same person of the list. */
function differs(known: Participant | undefined, person: Participant): boolean {
  return known !== undefined && (known.id !== person.id || known.id === undefined);
}

/** Looks up actors; of a name that several user ids have, none. */
function findActors(actors: Actors): (person: Participant) => readonly number[] | "none" | "several" {
  const byId = new Map<string, number>();
  const byName = new Map<string, { ids: number; readonly actors: number[] }>();
  for (let actor = 0; actor < actors.count; actor++) {
    const { kind, text, name } = actors.at(actor);
    if (kind === "id") byId.set(text, actor);
    const called = normalName(kind === "name" ? text : name);
    if ((kind !== "id" && kind !== "name") || called === "") continue;
    const same = byName.get(called) ?? { ids: 0, actors: [] };
    byName.set(called, same);
    same.actors.push(actor);
    if (kind === "id") same.ids++;
  }
  return ({ id, names }) => {
    const withId = id === undefined ? undefined : byId.get(id);
    if (withId !== undefined) return [withId];
    const same = names.map((name) => byName.get(normalName(name))).find((known) => known !== undefined);
    // Somebody of that name and another id is somebody else.
    if (same === undefined || (id !== undefined && same.ids > 0)) return "none";
    return same.ids > 1 ? "several" : same.actors;
  };
}
