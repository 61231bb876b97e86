/** What a value of a description is, as far as an output cares. */
export type DescriptionSlot = "user" | "place" | "attempt" | "other";

const ID = `(?: with)?(?: the)?[ _]?(?:ids?|numbers?|named?)?(?: of)?[ :="(]*$`;
const USER = new RegExp(
  String.raw`\b(?:related ?|real ?)?(?:user|student|teacher|learner|participant|member|author|owner|sender|recipient)s?${ID}`,
  "i",
);
const PLACE = new RegExp(String.raw`\b(?:course module|course|cmid|section|activity)${ID}`, "i");

const ATTEMPT = new RegExp(String.raw`\battempt${ID}`, "i");

/**
 * What each value of a wording is, told by the words in front of it: the id or name of a user, the number of a course,
 * a section or an activity, the id of an attempt, or anything else.
 * @param wording as `wordingOf` gives it, values as `#`.
 */
export function slotsOf(wording: string): readonly DescriptionSlot[] {
  return wording.split("#").slice(0, -1).map(slotAfter);
}

function slotAfter(words: string): DescriptionSlot {
  if (PLACE.test(words)) return "place";
  if (USER.test(words)) return "user";
  return ATTEMPT.test(words) ? "attempt" : "other";
}
