import { ACTIVITIES, levelOf } from "../rules/rules.js";
import { type ActivityKey, roleHint, type ShownKind, type Standing } from "./shown-log.js";

/**
 * What stands before the traces. `identity` is declared for tools that expect the five standard extensions.
 */
export const XES_HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="2.0" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Identity" prefix="identity" uri="http://www.xes-standard.org/identity.xesext"/>
<global scope="trace"><string key="concept:name" value="UNKNOWN"/></global>
<global scope="event"><string key="concept:name" value="UNKNOWN"/><string key="lifecycle:transition" value="complete"/><date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/><string key="org:resource" value="UNKNOWN"/><string key="bloom:level" value="N/A"/><string key="moodle:component" value="UNKNOWN"/><string key="moodle:event_name" value="UNKNOWN"/></global>
<classifier name="Activity" scope="event" keys="concept:name"/>
<classifier name="EventName" scope="event" keys="moodle:event_name moodle:component"/>
<classifier name="BloomLevel" scope="event" keys="bloom:level"/>
<string key="concept:name" value="Moodle log"/>
<string key="lifecycle:model" value="standard"/>
`;

/** What stands after the traces. */
export const XES_TAIL = "</log>\n";

/** A piece of XML, and how many characters that XML forbids were dropped from it. */
export interface XmlText {
  readonly text: string;
  readonly dropped: number;
}

/** A case as its trace tells of it. */
export interface TraceFacts {
  readonly name: string;
  /** The actor's label. */
  readonly user: string;
  readonly isStaff: boolean;
  /** Events of the case, those without a Bloom level included. */
  readonly caseEvents: number;
  /** Events of the user in the whole log. */
  readonly userEvents: number;
}

/**
 * What a trace begins with, up to the time of its first event; then follow `TRACE_LAST`, the time of its last event
 * and `TRACE_EVENTS`, and after the events `TRACE_END`.
 */
export function traceHead({ name, user, isStaff, caseEvents, userEvents }: TraceFacts): XmlText {
  const [shownName, shownUser] = [attributeText(name), attributeText(user)];
  return {
    text:
      `<trace><string key="concept:name" value="${shownName.text}"/><string key="moodle:user" value="${shownUser.text}"/>` +
      `<boolean key="moodle:probable_staff" value="${isStaff}"/><int key="moodle:case_events" value="${caseEvents}"/>` +
      `<int key="moodle:user_events" value="${userEvents}"/><date key="moodle:first_event" value="`,
    dropped: shownName.dropped + shownUser.dropped,
  };
}

export const TRACE_LAST = '"/><date key="moodle:last_event" value="';
export const TRACE_EVENTS = '"/>\n';
export const TRACE_END = "</trace>\n";

/**
 * What an event begins with, up to its timestamp; then follow `actorXml`, `kindXml`, `contextXml`, `courseXml` and
 * `moduleIdXml`.
 */
export function eventHead(kind: ShownKind, key: ActivityKey): XmlText {
  const { text, dropped } = attributeText(eventName(kind, key));
  return {
    text:
      `<event><string key="concept:name" value="${text}"/><string key="lifecycle:transition" value="complete"/>` +
      `<date key="time:timestamp" value="`,
    dropped,
  };
}

/** The same for the start or the end of an activity that several events were put together to. */
export function groupedHead(part: {
  readonly group: string;
  readonly instance: number;
  readonly transition: "start" | "complete";
}): string {
  return (
    `<event><string key="concept:name" value="${part.group}"/><string key="concept:instance" value="${part.instance}"/>` +
    `<string key="lifecycle:transition" value="${part.transition}"/><date key="time:timestamp" value="`
  );
}

/** What an event is called under a key. */
export function eventName(kind: ShownKind, key: ActivityKey): string {
  if (key === "activity") return kind.activity;
  return key === "event_name" ? kind.eventName : `${kind.component}: ${kind.eventName}`;
}

/** The attribute of an event's actor, after the end of that of its time. */
export function actorXml(label: string): XmlText {
  const { text, dropped } = attributeText(label);
  return { text: `"/><string key="org:resource" value="${text}"/>`, dropped };
}

/** The attributes that an event has of its kind. */
export function kindXml(kind: ShownKind, standing: Standing, key: ActivityKey): XmlText {
  const { activity } = kind;
  return attributes([
    ["moodle:activity", key === "activity" ? "" : activity], // else it is the event's name
    ["bloom:level", levelOf(activity)],
    ["bloom:active", ACTIVITIES[activity].isActive],
    ["moodle:component", kind.component],
    ["moodle:event_name", kind.eventName],
    ["moodle:module_type", kind.module],
    ["moodle:role_hint", roleHint(kind, standing)],
  ]);
}

/** The attribute of an event's context. */
export function contextXml(context: string): XmlText {
  return attributes([["moodle:context", context]]);
}

/** The attribute of an event's course. */
export function courseXml(course: string): XmlText {
  return attributes([["moodle:course", course]]);
}

/** The attribute of an event's course module, and the event's end. */
export function moduleIdXml(moduleId: string): XmlText {
  const isLong = /^\d{1,15}$/.test(moduleId);
  const { text, dropped } = attributes([["moodle:cmid", isLong ? Number(moduleId) : moduleId]]);
  return { text: `${text}</event>\n`, dropped };
}

/** Attributes, the empty ones left out. */
function attributes(
  entries: readonly (readonly [key: string, value: string | number | boolean | undefined])[],
): XmlText {
  let dropped = 0;
  const parts = entries.map(([key, value]) => {
    if (value === undefined || value === "") return "";
    const type = typeof value === "string" ? "string" : typeof value === "number" ? "int" : "boolean";
    const escaped = attributeText(String(value));
    dropped += escaped.dropped;
    return `<${type} key="${key}" value="${escaped.text}"/>`;
  });
  return { text: parts.join(""), dropped };
}

/** What XML 1.0 leaves out of its characters (production 2, Char). */
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

/**
 * Escapes a text for an attribute; line breaks and tabs are kept as references, since a reader turns bare
 * ones into blanks.
 */
function attributeText(value: string): XmlText {
  if (!/[&<>"\p{Cc}\p{Cs}\ufffe\uffff]/u.test(value)) return { text: value, dropped: 0 }; // nearly all
  const allowed = value.replace(FORBIDDEN, "");
  return {
    text: allowed.replace(/[&<>"\t\n\r]/g, (character) => ESCAPES[character] ?? character),
    dropped: [...value].length - [...allowed].length,
  };
}
