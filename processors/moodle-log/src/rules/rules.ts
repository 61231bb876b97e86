import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";

/**
 * What an event is, after the pedagogical levels of Bloom's revised taxonomy; the table of
 * docs/moodle-log.md.
 */
export const ACTIVITIES = {
  Study_P: { level: "Remember", isActive: false },
  Study_A: { level: "Understand", isActive: true },
  Exercise_P: { level: "Apply", isActive: false },
  Exercise_A: { level: "Apply", isActive: true },
  Assess_P: { level: "Evaluate", isActive: false },
  Assess_A: { level: "Evaluate", isActive: true },
  Synthesize: { level: "Create", isActive: true },
  Interact: { level: undefined, isActive: true },
  Feedback: { level: undefined, isActive: true },
  View: { level: undefined, isActive: false },
  Teach: { level: undefined, isActive: undefined },
  System: { level: undefined, isActive: undefined },
  Others: { level: undefined, isActive: undefined },
} as const satisfies Readonly<
  Record<string, { level: BloomLevel | undefined; isActive: boolean | undefined }>
>;

export type BloomLevel = "Remember" | "Understand" | "Apply" | "Analyze" | "Evaluate" | "Create";
export type Activity = keyof typeof ACTIVITIES;

export const ACTIVITY_NAMES = Object.keys(ACTIVITIES) as [Activity, ...Activity[]];

/** The level as it is written in the outputs; `N/A` for an activity without one. */
export function levelOf(activity: Activity): BloomLevel | "N/A" {
  return ACTIVITIES[activity].level ?? "N/A";
}

/** What a rule can look at; none of it depends on the language of the log. */
export interface EventTraits {
  readonly module: string;
  readonly action: string;
  readonly object: string;
  readonly component: string;
  readonly event: string;
  readonly subject: "self" | "other" | "none";
  readonly actor: "person" | "nobody" | "machine";
  readonly place: string;
  /** Empty where Moodle's declaration is not known, as for `edulevel`. */
  readonly crud: "create" | "read" | "update" | "delete" | "";
  readonly edulevel: "teaching" | "participating" | "other" | "";
}

const pattern = z
  .string()
  .max(100)
  .describe("A value, compared without case; `*` stands for any characters. Empty: none.");
const patterns = z.union([pattern, z.array(pattern).min(1).max(50)]);

const conditionShape = {
  module: patterns.optional().describe("Module type, as quiz or forum"),
  action: patterns.optional().describe("Verb of the description, as viewed or submitted"),
  object: patterns.optional().describe("What the verb is about, as discussion or attempt"),
  component: patterns
    .optional()
    .describe("Plugin name, as mod_quiz, or the shown name in lower case with hyphens"),
  event: patterns
    .optional()
    .describe(
      "Moodle's string id, as forum:eventpostcreated, or the shown event name in lower case with hyphens",
    ),
  subject: patterns.optional().describe("Whom the event is about: self, other or none"),
  actor: patterns
    .optional()
    .describe("Who acts: person, nobody (the system, a guest), or machine (Origin cli, cron or restore)"),
  place: patterns.optional().describe("Module type of the context, as quiz; empty for a course"),
  crud: patterns.optional().describe("What Moodle declares: create, read, update, delete; empty if unknown"),
  edulevel: patterns
    .optional()
    .describe("What Moodle declares: teaching, participating, other; empty if unknown"),
};
const CONDITION_NAMES = Object.keys(conditionShape) as (keyof typeof conditionShape)[];

const activity = z.enum(ACTIVITY_NAMES);
const condition = z.strictObject(conditionShape).refine((c) => Object.keys(c).length > 0, {
  message: `A rule needs at least one condition: ${CONDITION_NAMES.join(", ")}`,
});

const ruleList = z.array(
  z.strictObject({ name: z.string().regex(/^[a-z0-9-]+$/), activity, any: z.array(condition).min(1) }),
);
const ruleFile = z.strictObject({ first: ruleList, otherwise: ruleList });

/** One rule of one's own, as it comes in the `rules` param: flat and short, since a job's data is small. */
export const ownRule = z
  .strictObject({
    name: z.string().min(1).max(40).optional().describe("Shown in the summary. Default own-1, own-2 …"),
    activity: activity.describe("What matching events become"),
    ...conditionShape,
  })
  .refine((rule) => CONDITION_NAMES.some((name) => rule[name] !== undefined), {
    message: `A rule needs at least one condition: ${CONDITION_NAMES.join(", ")}`,
  })
  // The same in JSON Schema, for the api.
  .meta({ anyOf: CONDITION_NAMES.map((name) => ({ required: [name] })) });
export type OwnRule = z.infer<typeof ownRule>;

/** A rule, ready to be asked. */
export interface Rule {
  readonly name: string;
  readonly activity: Activity;
  /** Whether one of the rule's alternatives holds for the event. */
  matches(traits: EventTraits): boolean;
}

/** Rules in order. */
export interface Rules {
  /** Asked for what the description says, then for what the names say. */
  readonly first: readonly Rule[];
  /** Asked when none of those took the event: they go by what Moodle declares of it. */
  readonly otherwise: readonly Rule[];
}

let builtIn: Rules | undefined;

/**
 * The rules that come with the processor; read once.
 * @throws when the file is not as it should be.
 */
export function builtInRules(): Rules {
  builtIn ??= readBuiltInRules();
  return builtIn;
}

function readBuiltInRules(): Rules {
  const text = readFileSync(new URL("../../data/rules.yaml", import.meta.url), "utf8");
  const { first, otherwise } = ruleFile.parse(parse(text));
  const all = (list: typeof first) => list.map(({ name, activity, any }) => compiled(name, activity, any));
  return { first: all(first), otherwise: all(otherwise) };
}

/** Rules of one's own in front of those that come with the processor. */
export function rulesWith(own: readonly OwnRule[]): Rules {
  const front = own.map(({ name, activity, ...conditions }, index) =>
    compiled(name ?? `own-${index + 1}`, activity, [conditions]),
  );
  const { first, otherwise } = builtInRules();
  return { first: [...front, ...first], otherwise };
}

/** The first rule that takes an event, or `undefined`. */
export function firstMatch(rules: readonly Rule[], traits: EventTraits): Rule | undefined {
  return rules.find((rule) => rule.matches(traits));
}

type Condition = z.infer<typeof condition>;

function compiled(name: string, activity: Activity, alternatives: readonly Condition[]): Rule {
  const tests = alternatives.map(compiledCondition);
  return { name, activity, matches: (traits) => tests.some((test) => test(traits)) };
}

function compiledCondition(condition: Condition): (traits: EventTraits) => boolean {
  const tests = CONDITION_NAMES.flatMap((name) => {
    const wanted = condition[name];
    return wanted === undefined ? [] : [{ name, regExp: patternOf([wanted].flat()) }];
  });
  return (traits) => tests.every(({ name, regExp }) => regExp.test(traits[name]));
}

function patternOf(values: readonly string[]): RegExp {
  const alternatives = values.map((value) =>
    value
      .trim()
      .replace(/[.+?^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*"),
  );
  return new RegExp(`^(?:${alternatives.join("|")})$`, "is");
}
