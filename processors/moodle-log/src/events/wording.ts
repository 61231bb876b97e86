/** What the wording of a description says. Slots are positions among its values, -1 for none. */
export interface Wording {
  /** The user who is named first. */
  readonly userSlot: number;
  /** The user who acts when it is not the first: a reviewer. */
  readonly reviewerSlot: number;
  /** The user whom it is about, when one is named. */
  readonly relatedSlot: number;
  readonly moduleIdSlot: number;
  readonly courseSlot: number;
  /** Module type, as `quiz`; empty when it names none. */
  readonly module: string;
  /** The verb, as `viewed`; empty when there is none. */
  readonly action: string;
  /** What the verb is about, as `discussion`; empty when that is not said. */
  readonly object: string;
}

/** A kind of event: what all rows with the same component, event name and wording have in common. */
export interface EventKind {
  readonly component: string;
  readonly eventName: string;
  /** From the description; empty when it has none or says nothing. */
  readonly module: string;
  readonly action: string;
  readonly object: string;
  /** Whom it is about: the actor, somebody else, or nobody. */
  readonly subject: "self" | "other" | "none";
  /** Whether a person acts, or the system. */
  readonly actor: "person" | "nobody";
  /** Whether somebody was logged in as somebody else. */
  readonly isLoginAs: boolean;
}

const USER = /\b(?:user(?: with(?: the)? id)?|userid) #/i;
const REVIEWER = /\breviewed by the user with(?: the)? id #/i;
const RELATED =
  /\b(?:for|belonging to|to|from|of|profile for|enrolled|unenrolled|added|removed|with) the user with(?: the)? id #/i;
const MODULE_ID = /\b(?:course module(?: with)?(?: the)? id|cmid) #/i;
const COURSE = /\bcourse(?: with(?: the)? id| id|:)? #/i;
const QUOTED_MODULE = /'([a-z][a-z0-9_]*)' activity/;
const NAMED_MODULE =
  /\b(?:the|a) ([a-z][a-z0-9]*)(?: activity)? with (?:the )?(?:course module id|id|cmid) #/gi;
const VERB =
  /^(?:the )?user(?: with(?: the)? id)?(?: #)?(?: (?:has|had|have|is|was))*(?: (?:not|also|successfully))? ([a-z-]+)(.*)$/is;

/** Wording without a user: `The reset of the course with id # has ended.` */
const PASSIVE = /^the ([a-z ]+?) (?:of|with) .*\b(?:has|have|was|is)(?: been)? ([a-z-]+)/is;

/** Plain words of descriptions that name a module type; the rest are named as their plugin is. */
const MODULE_WORDS: Readonly<Record<string, string>> = {
  assignment: "assign",
  assign: "assign",
  database: "data",
  data: "data",
  forum: "forum",
  quiz: "quiz",
  wiki: "wiki",
  workshop: "workshop",
  glossary: "glossary",
  chat: "chat",
  choice: "choice",
  survey: "survey",
  feedback: "feedback",
  lesson: "lesson",
  scorm: "scorm",
  book: "book",
  folder: "folder",
  h5pactivity: "h5pactivity",
  lti: "lti",
  bigbluebuttonbn: "bigbluebuttonbn",
};

/**
 * Reads what a wording says.
 * @param wording as `DescriptionSplitter` gives it, values as `#`.
 */
export function readWording(wording: string): Wording {
  const isReview = REVIEWER.test(wording);
  const { action, object } = isReview ? { action: "reviewed", object: "attempt" } : deedOf(wording.trim());
  return {
    userSlot: slotOf(wording, USER),
    reviewerSlot: slotOf(wording, REVIEWER),
    relatedSlot: isReview ? slotOf(wording, USER) : slotOf(wording, RELATED),
    moduleIdSlot: slotOf(wording, MODULE_ID),
    courseSlot: slotOf(wording, COURSE),
    module: moduleOf(wording),
    action,
    object,
  };
}

function deedOf(wording: string): { readonly action: string; readonly object: string } {
  const verb = VERB.exec(wording);
  if (verb !== null) return { action: (verb[1] ?? "").toLowerCase(), object: objectOf(verb[2] ?? "") };
  const passive = PASSIVE.exec(wording);
  return { action: (passive?.[2] ?? "").toLowerCase(), object: (passive?.[1] ?? "").toLowerCase() };
}

function slotOf(wording: string, pattern: RegExp): number {
  const match = pattern.exec(wording);
  if (match === null) return -1;
  const before = wording.slice(0, match.index + match[0].length);
  return before.split("#").length - 2;
}

function moduleOf(wording: string): string {
  const quoted = QUOTED_MODULE.exec(wording)?.[1];
  if (quoted !== undefined) return quoted;
  for (const match of wording.matchAll(NAMED_MODULE)) {
    const module = MODULE_WORDS[(match[1] ?? "").toLowerCase()];
    if (module !== undefined) return module;
  }
  return "";
}

/**
 * The noun after the verb, up to the first word that starts a by-phrase: `the discussion with id #` is
 * `discussion`.
 */
function objectOf(rest: string): string {
  const words = rest
    .replace(/'[a-z0-9_]+' activity/, "activity")
    .trim()
    .replace(/[.,(].*$/s, "")
    .split(/\s+/);
  const noun: string[] = [];
  for (const word of words.map((w) => w.toLowerCase())) {
    if (noun.length === 0 && ["the", "a", "an", "their", "all", "new"].includes(word)) continue;
    if (STOP_WORDS.has(word) || word.includes("#")) break;
    noun.push(word);
    if (noun.length === 4) break;
  }
  return noun.join(" ");
}

const STOP_WORDS = new Set(
  "with in for to from of on at by as belonging located using and that whose which into being sent via".split(
    " ",
  ),
);
