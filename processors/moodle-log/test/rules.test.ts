import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { componentOf } from "../src/events/components.js";
import { eventDescriptions, eventOf } from "../src/events/event-names.js";
import type { EventKind } from "../src/events/wording.js";
import { LANGUAGES, type Language, NAMES } from "../src/reading/headings.js";
import { type Classified, classify } from "../src/rules/classify-event.js";
import { builtInRules, type OwnRule, ownRule, rulesWith } from "../src/rules/rules.js";
import { everyEvent, kindOf } from "./every-event.js";
import { nameIn } from "./synthetic-log.js";

const RULES = builtInRules();

/** Which rule takes each event, and what it becomes; by its names alone as well as by its description. */
const EXPECTED: Readonly<Record<string, readonly [rule: string, activity: string]>> = {
  "moodle:eventcourseviewed": ["view-lists", "View"],
  "completion:eventcoursemodulecompletionupdated": ["system-completion", "System"],
  "moodle:eventcoursemoduleinstancelistviewed": ["view-lists", "View"],
  "moodle:eventuserlistviewed": ["view-lists", "View"],
  "moodle:eventuserprofileviewed": ["view-lists", "View"],
  "grades:eventusergraded": ["teach-grading", "Teach"],
  "auth:eventuserloggedin": ["view-lists", "View"],
  "moodle:eventuserloggedout": ["view-lists", "View"],
  "moodle:eventdashboardviewed": ["view-lists", "View"],
  "moodle:eventcourseupdated": ["teach-course", "Teach"],
  "moodle:eventcoursesectiondeleted": ["teach-course", "Teach"],
  "moodle:eventcoursebackupcreated": ["teach-course", "Teach"],
  "moodle:eventcourserestored": ["system-completion", "System"],
  "moodle:eventcourseresetended": ["teach-course", "Teach"],
  "forum:eventdiscussioncreated": ["interact", "Interact"],
  "forum:eventdiscussionviewed": ["study-active", "Study_A"],
  "forum:eventpostcreated": ["interact", "Interact"],
  "forum:eventpostupdated": ["interact", "Interact"],
  "forum:eventassessableuploaded": ["interact", "Interact"],
  "forum:eventsubscriptioncreated": ["interact", "Interact"],
  "quiz:eventquizattemptstarted": ["assess-attempt", "Assess_A"],
  "quiz:eventattemptviewed": ["assess-attempt", "Assess_A"],
  "quiz:eventattemptsummaryviewed": ["assess-attempt", "Assess_A"],
  "quiz:eventquizattemptsubmitted": ["assess-attempt", "Assess_A"],
  "quiz:eventattemptreviewed": ["assess-own-result", "Assess_P"],
  "quiz:eventattemptautosaved": ["assess-attempt", "Assess_A"],
  "quiz:eventattemptupdated": ["assess-attempt", "Assess_A"],
  "assign:eventassessablesubmitted": ["exercise-work", "Exercise_A"],
  "assign:eventsubmissionstatusviewed": ["exercise-look", "Exercise_P"],
  "assign:eventsubmissionformviewed": ["exercise-look", "Exercise_P"],
  "assign:eventfeedbackviewed": ["assess-own-result", "Assess_P"],
  "assign:eventsubmissiongraded": ["teach-grading", "Teach"],
  "assign:eventsubmissioncreated": ["exercise-work", "Exercise_A"],
  "assign:eventstatementaccepted": ["exercise-work", "Exercise_A"],
  "assignsubmission_file:eventassessableuploaded": ["exercise-work", "Exercise_A"],
  "wiki:eventpagecreated": ["synthesize", "Synthesize"],
  "wiki:eventpageupdated": ["synthesize", "Synthesize"],
  "wiki:eventpageviewed": ["study-active", "Study_A"],
  "workshop:eventsubmissionassessed": ["assess-attempt", "Assess_A"],
  "workshop:eventsubmissionreassessed": ["assess-attempt", "Assess_A"],
  "workshop:eventsubmissioncreated": ["synthesize", "Synthesize"],
  "workshop:eventassessableuploaded": ["synthesize", "Synthesize"],
  "workshop:eventsubmissionviewed": ["exercise-look", "Exercise_P"],
  "glossary:evententrycreated": ["synthesize", "Synthesize"],
  "glossary:evententryupdated": ["synthesize", "Synthesize"],
  "glossary:evententryviewed": ["study-active", "Study_A"],
  "data:eventrecordcreated": ["synthesize", "Synthesize"],
  "data:eventrecordupdated": ["synthesize", "Synthesize"],
  "chat:eventmessagesent": ["interact", "Interact"],
  "chat:eventsessionsviewed": ["study-active", "Study_A"],
  "choice:eventanswercreated": ["assess-attempt", "Assess_A"],
  "choice:eventanswerupdated": ["assess-attempt", "Assess_A"],
  "choice:eventanswersubmitted": ["assess-attempt", "Assess_A"],
  "feedback:eventresponsesubmitted": ["feedback", "Feedback"],
  "lesson:eventlessonstarted": ["exercise-work", "Exercise_A"],
  "lesson:eventlessonended": ["exercise-work", "Exercise_A"],
  "lesson:eventcontentpageviewed": ["study-active", "Study_A"],
  "lesson:eventquestionviewed": ["exercise-look", "Exercise_P"],
  "lesson:eventquestionanswered": ["exercise-work", "Exercise_A"],
  "scorm:eventscolaunched": ["exercise-work", "Exercise_A"],
  "scorm:eventscorerawsubmitted": ["exercise-work", "Exercise_A"],
  "survey:eventresponsesubmitted": ["assess-attempt", "Assess_A"],
  "book:eventchapterviewed": ["study-passive", "Study_P"],
  "gradereport_user:eventgradereportviewed": ["assess-own-result", "Assess_P"],
  "gradereport_overview:eventgradereportviewed": ["assess-own-result", "Assess_P"],
  "report_log:eventreportviewed": ["teach-reports", "Teach"],
  "folder:eventallfilesdownloaded": ["study-passive", "Study_P"],
};

/** Which rule takes “Course module viewed”, by the plugin that it is of. */
const MODULE_VIEWED: Readonly<Record<string, string>> = {
  mod_resource: "study-passive",
  mod_folder: "study-passive",
  mod_page: "study-passive",
  mod_url: "study-passive",
  mod_book: "study-passive",
  mod_label: "study-passive",
  mod_imscp: "study-passive",
  mod_forum: "study-active",
  mod_quiz: "exercise-look",
  mod_assign: "exercise-look",
  mod_wiki: "study-active",
  mod_workshop: "exercise-look",
  mod_glossary: "study-active",
  mod_data: "study-active",
  mod_chat: "view",
  mod_choice: "exercise-look",
  mod_feedback: "view",
  mod_lesson: "study-active",
  mod_scorm: "exercise-look",
  mod_survey: "exercise-look",
  mod_lti: "exercise-look",
  mod_h5pactivity: "exercise-look",
  mod_bigbluebuttonbn: "view",
};

/** The plugin in whose rows an event stands. */
function componentOfEvent(event: string): string {
  const plugin = event.slice(0, event.indexOf(":"));
  if (NAMES.components[plugin] !== undefined) return plugin;
  return NAMES.components[`mod_${plugin}`] !== undefined ? `mod_${plugin}` : "core";
}

function componentName(component: string, language: Language): string {
  return component === "core" ? "System" : nameIn(NAMES.components[component], language);
}

function named(event: string, component: string, language: Language): Classified {
  return classify(
    RULES,
    kindOf({
      component: componentName(component, language),
      eventName: nameIn(NAMES.events[event], language),
    }),
  );
}

function grouped(list: readonly string[], keyOf: (entry: string) => string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const entry of list) groups.set(keyOf(entry), [...(groups.get(keyOf(entry)) ?? []), entry]);
  return groups;
}

describe("the rules", () => {
  test("the expectations cover every event of the language packs", () => {
    const events = Object.keys(NAMES.events).filter((event) => event !== "moodle:eventcoursemoduleviewed");
    expect(Object.keys(EXPECTED).sort()).toEqual(events.sort());
    expect(Object.keys(eventDescriptions()).sort()).toEqual(Object.keys(NAMES.events).sort());
  });

  test.each(LANGUAGES)("each event is taken by its rule, known by its names in %s alone", (language) => {
    for (const [event, [rule, activity]] of Object.entries(EXPECTED)) {
      const found = named(event, componentOfEvent(event), language);
      expect([event, found.rule, found.activity]).toEqual([event, rule, activity]);
    }
  });

  test.each(LANGUAGES)(
    "each event is taken by its rule, known by its description beside names in %s",
    (language) => {
      for (const [event, [rule, activity]] of Object.entries(EXPECTED)) {
        const component = componentName(componentOfEvent(event), language);
        const eventName = nameIn(NAMES.events[event], language);
        const found = classify(RULES, kindOf({ component, eventName }, eventDescriptions()[event]));
        expect([event, found.rule, found.activity]).toEqual([event, rule, activity]);
      }
    },
  );

  test("each event is taken by its rule from the description alone, when both names are unknown", () => {
    for (const [event, [rule]] of Object.entries(EXPECTED)) {
      if (event.startsWith("assignsubmission") || event.startsWith("gradereport")) continue;
      const found = classify(
        RULES,
        kindOf({ component: "Ukendt", eventName: "Ukendt" }, eventDescriptions()[event]),
      );
      expect([event, found.rule]).toEqual([event, rule]);
    }
  });

  test.each(LANGUAGES)(
    "“Course module viewed” in %s goes by the plugin, with and without a description",
    (language) => {
      const eventName = nameIn(NAMES.events["moodle:eventcoursemoduleviewed"], language);
      for (const [component, rule] of Object.entries(MODULE_VIEWED)) {
        const names = { component: componentName(component, language), eventName };
        const description = `The user with id '5' viewed the '${component.slice(4)}' activity with course module id '9'.`;
        expect([component, classify(RULES, kindOf(names)).rule]).toEqual([component, rule]);
        expect([component, classify(RULES, kindOf(names, description)).rule]).toEqual([component, rule]);
      }
    },
  );

  test("no rule and no alternative of a rule is dead, or hidden behind an earlier one", () => {
    const file: Record<"first" | "otherwise", { name: string; any: Omit<OwnRule, "activity">[] }[]> = parse(
      readFileSync(new URL("../data/rules.yaml", import.meta.url), "utf8"),
    );
    const taken = new Map<string, EventKind[]>();
    for (const kind of everyEvent()) {
      const name = classify(RULES, kind).rule ?? "";
      taken.set(name, [...(taken.get(name) ?? []), kind]);
    }
    const dead = [...file.first, ...file.otherwise].flatMap(({ name, any }) =>
      any.flatMap((alternative) => {
        const [probe] = rulesWith([{ ...alternative, name: "probe", activity: "Others" }]).first;
        const alone = { first: probe === undefined ? [] : [probe], otherwise: [] };
        const fires = taken.get(name)?.some((kind) => classify(alone, kind).rule === "probe") ?? false;
        return fires ? [] : [`${name} ${JSON.stringify(alternative)}`];
      }),
    );
    expect(dead).toEqual([]);
  }, 60_000);

  test.each(LANGUAGES)("every component and event name in %s is recognised", (language) => {
    for (const [id, names] of Object.entries(NAMES.components))
      expect(componentOf(nameIn(names, language))).toBe(id);
    for (const id of Object.keys(NAMES.events)) {
      expect(eventOf(componentOfEvent(id), nameIn(NAMES.events[id], language))).toBe(id);
    }
  });

  test("each pair of a component and an event is taken by the rule that the table beside this test says", async () => {
    const lines = ["core", ...Object.keys(NAMES.components)].flatMap((component) => {
      const events = grouped(
        Object.keys(NAMES.events),
        (event) => named(event, component, "en").rule ?? "none",
      );
      return [...events].map(([rule, taken]) => `${component} | ${rule} | ${taken.join(" ")}`);
    });
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("./rule-of-each-pair.txt");
  });

  test("a raw plugin name stands for itself", () => {
    expect(componentOf("mod_quiz")).toBe("mod_quiz");
    expect(componentOf("Turnitin Assignment 2")).toBe("turnitin-assignment-2");
  });

  test("an own attempt reviewed is the student's, one of somebody else the teacher's", () => {
    const kind = kindOf({ component: "Quiz", eventName: "Quiz attempt reviewed" });
    expect(classify(RULES, { ...kind, subject: "self" }).activity).toBe("Assess_P");
    expect(classify(RULES, { ...kind, subject: "other" }).activity).toBe("Teach");
  });

  test("a grade that follows from one's own attempt is the system's, not teaching", () => {
    const kind = kindOf({ component: "System", eventName: "User graded" });
    expect(classify(RULES, { ...kind, subject: "self" }).activity).toBe("System");
    expect(classify(RULES, { ...kind, subject: "other" }).activity).toBe("Teach");
  });
});

describe("rules of one's own", () => {
  const parse = (rule: unknown) => ownRule.safeParse(rule);

  test("come before the built-in ones, and match with wildcards and lists", () => {
    const parsed = ownRule.parse({
      component: "turnitin*",
      event: ["list-*", "add-*"],
      activity: "Synthesize",
    });
    const rules = rulesWith([parsed]);
    const kind = kindOf({ component: "Turnitin Assignment 2", eventName: "List Submissions" });
    expect(classify(rules, kind)).toMatchObject({ rule: "own-1", activity: "Synthesize" });
    expect(classify(rules, kindOf({ component: "Quiz", eventName: "Quiz attempt started" })).rule).toBe(
      "assess-attempt",
    );
  });

  test("need a known activity, at least one condition, and no other keys", () => {
    expect(parse({ module: "quiz", activity: "Learn" }).error?.issues[0]?.message).toContain("Study_P");
    expect(parse({ activity: "View" }).error?.issues[0]?.message).toContain("at least one condition");
    expect(parse({ modul: "quiz", activity: "View" }).error?.issues[0]?.message).toContain("modul");
    expect(parse({ module: "quiz", activity: "View" }).success).toBe(true);
  });

  test("cannot smuggle in a regular expression", () => {
    const rules = rulesWith([ownRule.parse({ module: "qu.z", activity: "Others" })]);
    expect(classify(rules, kindOf({ component: "Quiz", eventName: "Quiz attempt started" })).rule).toBe(
      "assess-attempt",
    );
  });
});
