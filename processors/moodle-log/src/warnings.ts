import type { ClassifiedLog } from "./classify-log.js";
import type { DetectedText } from "./detected-format.js";
import type { Params } from "./params.js";
import type { ShownPeople } from "./people/shown-people.js";
import type { EventCounts } from "./summarize.js";

/** What a run found that its reader may want to know of. */
interface Findings {
  readonly params: Params;
  readonly people: ShownPeople;
  readonly events: EventCounts;
  readonly droppedCharacters: number;
  /** Rows with a Bloom level. */
  readonly bloomRows: number;
}

/** More Others than this, in percent, and the numbers by level say little. */
const MANY_OTHERS_PERCENT = 5;

/** What the reader of the summary should know before trusting the numbers. */
export function warningsOf(text: DetectedText, log: ClassifiedLog, found: Findings): string[] {
  return [
    ...text.warnings,
    ...timeWarnings(log, found),
    ...peopleWarnings(found),
    ...selectionWarnings(log, found.people),
    ...contentWarnings(log, found),
  ];
}

function timeWarnings(log: ClassifiedLog, { params }: Findings): string[] {
  const { certainty, reason } = log.dateOrder;
  return chosen([
    [
      params.timezone === undefined,
      "The log does not say its time zone; UTC was assumed. Set the timezone param to that of the " +
        "person who exported it.",
    ],
    [
      certainty === "assumed",
      `Day and month cannot be told apart: ${reason}. Set the date_format param if this is wrong.`,
    ],
    [
      log.yearBasis === "order",
      "The dates have no year; the years were reckoned back from the newest date that is not in the future. Set " +
        "the year param to that of the newest row if this is wrong.",
    ],
    [
      log.yearBasis === "one_year",
      "The dates have no year and the rows are not in order of time; they were taken to lie within 12 months, the " +
        "newest not in the future. Set the year param to that of the newest row if this is wrong.",
    ],
    [
      log.convertedDates > 0,
      `${log.convertedDates} rows have dates of a spreadsheet and the others texts: it may have taken the day for the ` +
        "month in those that it turned into dates. Use the file as Moodle wrote it.",
    ],
    [
      log.isInFuture,
      "Some events lie in the future. Set the date_format param if day and month are the wrong way round.",
    ],
    [
      log.mixedDates !== undefined,
      `Day and month are mixed: ${log.mixedDates?.[1]} and ${log.mixedDates?.[0]} both occur. Rows that fit only ` +
        "the one order are rejected, but others may have been read the wrong way round.",
    ],
  ]);
}

function peopleWarnings({ events, params }: Findings): string[] {
  const { withoutCase, loginAs } = events;
  const { unknown, system } = withoutCase;
  return chosen([
    [
      unknown.events > 0,
      `${unknown.events} events (${unknown.percent} %; ${unknown.bloom_percent} % of those with a level) name nobody; ` +
        "they are under “unknown”, which is not one person, and in no case of the XES files.",
    ],
    [
      system.events > 0,
      `${system.events} events (${system.percent} %; ${system.bloom_percent} % of those with a level) were done by the ` +
        "system or a guest; they are under “system”, and in no case of the XES files.",
    ],
    [loginAs > 0, `${loginAs} events were done by somebody logged in as another; role_hint is login_as.`],
    [
      params.pseudonymize !== "off" && params.names === true,
      "Full names were asked for, and are left out since people are pseudonymised.",
    ],
  ]);
}

/** Said in a warning at most; the rest is a number. */
const NAMED_IN_WARNING = 10;

/** What of the lists in params could not be found in the log. */
function selectionWarnings(log: ClassifiedLog, people: ShownPeople): string[] {
  const { settled, unknownCourses, unknownGroups } = log;
  const { unmatched = [], ambiguous = [], unknownRoles = [], listed = 0 } = settled ?? {};
  const shown = (entries: readonly string[]) => {
    const more = entries.length > NAMED_IN_WARNING ? `; and ${entries.length - NAMED_IN_WARNING} more` : "";
    return `${entries.slice(0, NAMED_IN_WARNING).join("; ")}${more}`;
  };
  const persons = (entries: readonly string[]) => shown(entries.map((entry) => people.inList(entry)));
  return chosen([
    [
      unmatched.length > 0,
      `${unmatched.length} of the ${listed} people in roles do nothing in the log, or are called otherwise there ` +
        `(an e-mail address is in no log): ${persons(unmatched)}.`,
    ],
    [
      ambiguous.length > 0,
      `In roles these names mean more than one person, and settle nothing: ${persons(ambiguous)}. Give their user ids.`,
    ],
    [
      unknownRoles.length > 0,
      `These roles are in no known language; their people are judged by what they do: ${shown(unknownRoles)}.`,
    ],
    [
      unknownCourses.length > 0,
      `No course of the log is meant by: ${shown(unknownCourses.map((c) => people.inText(c)))}.`,
    ],
    [unknownGroups.length > 0, `Nobody in roles is in the group: ${shown(unknownGroups)}.`],
  ]);
}

function contentWarnings(log: ClassifiedLog, { events, droppedCharacters, bloomRows }: Findings): string[] {
  const othersPercent = (100 * events.others) / Math.max(1, log.arranged.kept);
  return chosen([
    [log.rejected.length > 0, `${log.rejected.length} rows could not be used; see rejected_rows.csv.`],
    [
      othersPercent > MANY_OTHERS_PERCENT,
      `${othersPercent.toFixed(1)} % of the events are known to no rule; unknown_pairs lists them, and ` +
        "the rules param can name them.",
    ],
    [
      droppedCharacters > 0,
      `${droppedCharacters} characters that XML forbids were left out of the XES files.`,
    ],
    [bloomRows === 0, "No event has a Bloom level."],
  ]);
}

function chosen(warnings: readonly (readonly [applies: boolean, warning: string])[]): string[] {
  return warnings.flatMap(([applies, warning]) => (applies ? [warning] : []));
}
