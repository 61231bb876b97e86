import type { ShownRow } from "../kernel/index.js";

/** Types of objects, and what is known of each. */
const TYPES = {
  student: ["name"],
  staff: ["name"],
  module: ["module_type", "name"],
  attempt: ["module_type"],
  course: ["name"],
} as const;
type ObjectType = keyof typeof TYPES;

/** An object, but for its id. */
interface KnownObject {
  readonly type: ObjectType;
  readonly attributes: Readonly<Record<string, string>>;
  /** Ids of other objects, by what they are to it. */
  readonly relationships: Readonly<Record<string, string>>;
}

interface Relationship {
  readonly objectId: string;
  readonly qualifier: string;
}

/** What does not change over time is dated so, as the standard says. */
const ALWAYS = "1970-01-01T00:00:00Z";

/** The objects that events are related to, each once. */
export class OcelObjects {
  readonly #objects = new Map<string, KnownObject>();

  /** What an event is related to: who did it, and in which course, module and attempt. */
  relationshipsOf(row: ShownRow): Relationship[] {
    const course = this.#course(row);
    const module = this.#module(row, course);
    const actor = row.isPerson ? this.#person(row) : "";
    const attempt = module === "" ? "" : this.#attempt(row, { actor, module });
    return related({ actor, attempt, module, course });
  }

  /** All objects, as the standard has them. */
  *all(): Generator<object> {
    for (const [id, { type, attributes, relationships }] of this.#objects) {
      const known = Object.entries(attributes).filter(([, value]) => value !== "");
      yield {
        id,
        type,
        attributes: known.map(([name, value]) => ({ name, time: ALWAYS, value })),
        relationships: related(relationships),
      };
    }
  }

  /** The types of objects, those without objects, too. */
  types(): object[] {
    return Object.entries(TYPES).map(([name, attributes]) => ({
      name,
      attributes: attributes.map((attribute) => ({ name: attribute, type: "string" })),
    }));
  }

  #course({ course }: ShownRow): string {
    return course === "" ? "" : this.#add(`course:${course}`, "course", { attributes: { name: course } });
  }

  #module(row: ShownRow, course: string): string {
    const { module } = row.kind;
    const name = /:\s*(.+)$/s.exec(row.event_context)?.[1] ?? "";
    // Without its number a module is told by its name, in its course.
    const key = row.courseModuleId === "" ? `${row.course} ${row.event_context}` : row.courseModuleId;
    if (module === "" || (row.courseModuleId === "" && name === "")) return "";
    return this.#add(`module:${key}`, "module", {
      attributes: { module_type: module, name },
      relationships: { course },
    });
  }

  #person(row: ShownRow): string {
    const type = row.standing === "" ? "student" : "staff";
    return this.#add(`person:${row.actor}`, type, { attributes: { name: row.actorName } });
  }

  #attempt(row: ShownRow, { actor, module }: { readonly actor: string; readonly module: string }): string {
    if (row.attempt === "") return "";
    const { module: type } = row.kind;
    // Who reviews an attempt is not its owner.
    const owner = row.kind.activity === "Teach" ? "" : actor;
    return this.#add(`attempt:${type}-${row.attempt}`, "attempt", {
      attributes: { module_type: type },
      relationships: { student: owner, module },
    });
  }

  /** Adds an object unless it is known; what it belongs to is completed. */
  #add(id: string, type: ObjectType, of: Partial<Omit<KnownObject, "type">>): string {
    const known = this.#objects.get(id);
    const wanted = { type, attributes: of.attributes ?? {}, relationships: of.relationships ?? {} };
    if (known === undefined) this.#objects.set(id, wanted);
    else if (
      Object.entries(wanted.relationships).some(([what, whom]) => whom !== "" && !known.relationships[what])
    ) {
      const relationships = { ...wanted.relationships };
      for (const [what, whom] of Object.entries(known.relationships))
        if (whom !== "") relationships[what] = whom;
      this.#objects.set(id, { ...known, relationships });
    }
    return id;
  }
}

function related(objects: Readonly<Record<string, string>>): Relationship[] {
  return Object.entries(objects).flatMap(([qualifier, objectId]) =>
    objectId === "" ? [] : [{ objectId, qualifier }],
  );
}
