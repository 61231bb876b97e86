import { deedOf, moduleOf } from "./deed.js";

/** What the wording of a description says. Slots are positions among its values, -1 for none. */
export interface Wording {
  /** The user who acts. */
  readonly userSlot: number;
  /** The user whom it is about, when one is named. */
  readonly relatedSlot: number;
  /**
   * Whether the user is named as the owner of the work, whoever acts: of a submitted quiz attempt the description
   * names the student even when a job of Moodle's closed it. The name that goes with the id is then that of the
   * affected user.
   */
  readonly isOwners: boolean;
  readonly moduleIdSlot: number;
  readonly courseSlot: number;
  /** Module type, as `quiz`; empty when it names none. */
  readonly module: string;
  /** The verb, as `viewed`; empty when there is none. */
  readonly action: string;
  /** What the verb is about, as `discussion`; empty when that is not said. */
  readonly object: string;
  /** What the class of the event declares, `edulevel` and `crud`, where the sentence ends with it; else empty. */
  readonly declared: string;
}

/** A kind of event: what all rows with the same component, event name and wording have in common. */
export interface EventKind {
  readonly component: string;
  readonly eventName: string;
  /** From the description; empty when it has none or says nothing. */
  readonly module: string;
  readonly action: string;
  readonly object: string;
  /** What the class of the event declares, as `participating, read`, where the log says it; else empty. */
  readonly declared: string;
  /** Module type of the event's context, as `quiz`; empty for a course, and where no language pack knows it. */
  readonly place: string;
  /** Whom it is about: the actor, somebody else, or nobody. */
  readonly subject: "self" | "other" | "none";
  /** Whether a person acts, the system or a guest, or a program on the server: a job, a command, a restore. */
  readonly actor: "person" | "nobody" | "machine";
  /** Whether somebody was logged in as somebody else. */
  readonly isLoginAs: boolean;
}

/** As the reader of Moodle's table of the log writes it, of events of which nothing else is known. */
const DECLARED = /\(((?:teaching|participating|other), (?:create|read|update|delete))\)\.?$/;
const USERS = /\b(?:(?:user|student)(?: with(?: the)? id)?|userid) #/gi;
const USER_FIRST = /^(?:the )?(?:user|student|userid)\b/i;
const STUDENT_FIRST = /^(?:the )?student\b/i;
const BY_USER = /\bby (?:the )?(?:user|student)(?: with(?: the)? id)? #/i;
const OF_USER = /\b(?:for|of|to|from|belonging to) (?:the )?(?:user|student)(?: with(?: the)? id)? #/i;
const MODULE_ID = /\b(?:course module(?: with)?(?: the)? id|cmid) #/i;
const COURSE = /\bcourse(?: with(?: the)? id| id|:)? #/i;
/** The work of the user who is named first, in a sentence that tells who did something with it, or nobody. */
const HAS_HAD_THEIR = /\b(?:has|had) had their\b/i;
/** Sentences of which Moodle writes the owner of the work as the one who acts. */
const OWNER_ACTS =
  /\b(?:been awarded|(?:started|submitted) the attempt with id # for the quiz|completed the course)\b/i;

/**
 * Reads what a wording says.
 * @param wording as `DescriptionSplitter` gives it, values as `#`.
 */
export function readWording(wording: string): Wording {
  const text = wording.replaceAll('"', "").trim(); // some plugins put ids in double quotes
  return {
    ...peopleOf(text),
    moduleIdSlot: slotOf(text, MODULE_ID),
    courseSlot: slotOf(text, COURSE),
    module: moduleOf(text),
    ...deedOf(text),
    declared: DECLARED.exec(text)?.[1] ?? "",
  };
}

/** Who acts on whom. */
function peopleOf(text: string): Pick<Wording, "userSlot" | "relatedSlot" | "isOwners"> {
  const [first = -1, second = -1] = [...text.matchAll(USERS)].map((match) => slotAt(text, match));
  const by = slotOf(text, BY_USER);
  if (HAS_HAD_THEIR.test(text) && by >= 0) {
    // “A has had their attempt reviewed by B”: A is the reviewer and B the owner, a slip of Moodle's.
    return /\breviewed by\b/i.test(text) ? acting(first, by) : acting(by, first);
  }
  if (HAS_HAD_THEIR.test(text) || OWNER_ACTS.test(text) || STUDENT_FIRST.test(text)) {
    return { userSlot: first, relatedSlot: first, isOwners: !STUDENT_FIRST.test(text) };
  }
  if (USER_FIRST.test(text)) return acting(first, second);
  if (by >= 0) return acting(by, first === by ? second : first);
  return slotOf(text, OF_USER) === first ? acting(-1, first) : acting(first, second);
}

function acting(userSlot: number, relatedSlot: number) {
  return { userSlot, relatedSlot, isOwners: false };
}

function slotOf(text: string, pattern: RegExp): number {
  const match = pattern.exec(text);
  return match === null ? -1 : slotAt(text, match);
}

/** The slot at which a match ends. */
function slotAt(text: string, match: RegExpExecArray): number {
  return text.slice(0, match.index + match[0].length).split("#").length - 2;
}
