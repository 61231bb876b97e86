/** What was done, in Moodle's English words. */
export interface Deed {
  /** The verb, as `viewed`; empty when there is none. */
  readonly action: string;
  /** What the verb is about, as `discussion`; empty when that is not said. */
  readonly object: string;
}

const AUXILIARIES =
  "(?: (?:has|had|have|is|was|been|not|also|now|successfully|manually|automatically|forcibly))*";
const VERB = new RegExp(
  `^(?:the )?(?:user|student|userid)(?: with(?: the)? id)?(?: #)?${AUXILIARIES} ([a-z-]+)(.*)$`,
  "is",
);
/** Wording that does not begin with a user: `The reset of the course with id # has ended.` */
const PASSIVE =
  /^(?:the |an? )?([a-z ]+?) (?:of|with|for) .*\b(?:has|have|was|is|became)(?: been| now| fully)* ([a-z-]+)/is;
/** `… has had their attempt with id # marked as abandoned`. */
const HAD_THEIR =
  /\bhad their ([a-z ]+?)(?: with id .*?)? (?:marked as )?(reviewed|previewed|re-opened|abandoned|overdue|evaluated|re-evaluated)\b/is;
/** Sentences whose verb and noun are those of other events, too; what follows tells them apart. */
const SPECIAL: readonly (readonly [RegExp, Deed])[] = [
  [/\bviewed the user report\b.*\bviewing mode\b/is, { action: "viewed", object: "posts of user" }],
  [/\bsearched the course\b.*\bforum posts\b/is, { action: "searched", object: "forum posts" }],
];

/** The verb of a sentence and its object; both empty where it has another form than Moodle's. */
export function deedOf(text: string): Deed {
  const special = SPECIAL.find(([pattern]) => pattern.test(text));
  if (special !== undefined) return special[1];
  const had = HAD_THEIR.exec(text);
  if (had !== null) return { action: (had[2] ?? "").toLowerCase(), object: (had[1] ?? "").toLowerCase() };
  const verb = VERB.exec(text);
  if (verb !== null) return { action: (verb[1] ?? "").toLowerCase(), object: objectOf(verb[2] ?? "") };
  const passive = PASSIVE.exec(text);
  return { action: (passive?.[2] ?? "").toLowerCase(), object: (passive?.[1] ?? "").toLowerCase() };
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

const QUOTED_MODULE = /'([a-z][a-z0-9_]*)' activity/;
const NAMED_MODULE =
  /\b(?:the|an?) ([a-z][a-z0-9]*)(?: activity)? with (?:the )?(course module id|id|cmid) #/gi;

/** Plain words of descriptions that name a module type; the rest are named as their plugin is. */
const MODULE_WORDS: Readonly<Record<string, string>> = {
  assignment: "assign",
  database: "data",
  h5p: "h5pactivity",
  ...Object.fromEntries(
    (
      "assign data forum quiz wiki workshop glossary chat choice survey feedback lesson scorm book folder " +
      "h5pactivity lti bigbluebuttonbn imscp"
    )
      .split(" ")
      .map((module) => [module, module]),
  ),
};
/** Words that stand where a module's name may stand and are none. */
const NO_MODULES = new Set(["activity", "module", "instance", "page", "item", "course"]);

/** The module type that a sentence names; empty when it names none. */
export function moduleOf(text: string): string {
  const quoted = QUOTED_MODULE.exec(text)?.[1];
  if (quoted !== undefined) return quoted;
  let plugin = "";
  for (const [, named = "", by = ""] of text.matchAll(NAMED_MODULE)) {
    const word = named.toLowerCase();
    const module = MODULE_WORDS[word];
    if (module !== undefined) return module;
    if (by.toLowerCase() === "course module id" && !NO_MODULES.has(word)) plugin = word;
  }
  return plugin;
}
