import { eventDescriptions } from "../src/events/event-names.js";
import { COLUMNS, type Language, NAMES } from "../src/reading/headings.js";

/**
 * How the times of a synthetic log are written. `newest`, `before` and `oldest` are those of Moodle in the
 * log's language.
 */
export type TimeStyle = "newest" | "before" | "oldest" | "us12" | "us24" | "iso" | "instant";

/** What a synthetic log is like; everything but `rows` has a default. */
export interface SyntheticOptions {
  readonly rows: number;
  readonly language?: Language;
  readonly seed?: number;
  readonly users?: number;
  readonly courses?: number;
  readonly time?: TimeStyle;
  readonly delimiter?: "," | ";" | "\t";
  readonly lineEnd?: "\n" | "\r\n";
  readonly bom?: boolean;
  /** The Course column of a site-level log. */
  readonly site?: boolean;
  /** An unnamed column in front with the row's number. */
  readonly indexColumn?: boolean;
  /** `-` in both name columns. */
  readonly anonymous?: boolean;
  readonly withoutDescriptions?: boolean;
  /** Cells with quotes, delimiters, line breaks, formulas, emoji. */
  readonly tricky?: boolean;
  /** Share of rows whose time cannot be read. */
  readonly bad?: number;
  /** Days that the log covers. Default 120. */
  readonly days?: number;
}

/**
 * Weight, component, event (by string id) and what the context is; the shares are about those of a real
 * course.
 */
const EVENTS: readonly (readonly [number, string, string])[] = [
  [22, "core", "moodle:eventcourseviewed"],
  [4, "core", "completion:eventcoursemodulecompletionupdated"],
  [2, "core", "moodle:eventuserlistviewed"],
  [2, "core", "moodle:eventuserprofileviewed"],
  [3, "core", "grades:eventusergraded"],
  [0.3, "core", "moodle:eventcourseupdated"],
  [0.2, "core", "moodle:eventcoursesectiondeleted"],
  [12, "mod_resource", "moodle:eventcoursemoduleviewed"],
  [5, "mod_page", "moodle:eventcoursemoduleviewed"],
  [5, "mod_url", "moodle:eventcoursemoduleviewed"],
  [2, "mod_folder", "moodle:eventcoursemoduleviewed"],
  [1, "mod_book", "book:eventchapterviewed"],
  [6, "mod_forum", "moodle:eventcoursemoduleviewed"],
  [6, "mod_forum", "forum:eventdiscussionviewed"],
  [1.2, "mod_forum", "forum:eventdiscussioncreated"],
  [1.6, "mod_forum", "forum:eventpostcreated"],
  [1.6, "mod_forum", "forum:eventassessableuploaded"],
  [5, "mod_quiz", "moodle:eventcoursemoduleviewed"],
  [2, "mod_quiz", "quiz:eventquizattemptstarted"],
  [6, "mod_quiz", "quiz:eventattemptviewed"],
  [2, "mod_quiz", "quiz:eventquizattemptsubmitted"],
  [2, "mod_quiz", "quiz:eventattemptreviewed"],
  [6, "mod_assign", "moodle:eventcoursemoduleviewed"],
  [5, "mod_assign", "assign:eventsubmissionstatusviewed"],
  [1.5, "mod_assign", "assign:eventsubmissionformviewed"],
  [1.5, "mod_assign", "assign:eventassessablesubmitted"],
  [1, "mod_assign", "assign:eventfeedbackviewed"],
  [0.5, "mod_assign", "assign:eventsubmissiongraded"],
  [1.2, "assignsubmission_file", "assign:eventsubmissioncreated"],
  [1.2, "assignsubmission_file", "assignsubmission_file:eventassessableuploaded"],
  [0.8, "mod_wiki", "wiki:eventpageviewed"],
  [0.7, "mod_wiki", "wiki:eventpageupdated"],
  [0.4, "mod_workshop", "workshop:eventsubmissionassessed"],
  [0.4, "mod_workshop", "workshop:eventsubmissioncreated"],
  [0.3, "mod_glossary", "glossary:evententrycreated"],
  [0.3, "mod_data", "data:eventrecordcreated"],
  [0.5, "mod_chat", "chat:eventmessagesent"],
  [1, "mod_scorm", "scorm:eventscolaunched"],
  [1, "mod_feedback", "feedback:eventresponsesubmitted"],
  [0.7, "mod_choice", "choice:eventanswersubmitted"],
  [1, "mod_lesson", "lesson:eventcontentpageviewed"],
  [2, "gradereport_user", "gradereport_user:eventgradereportviewed"],
];

const FIRST_NAMES =
  "Ada Bruno Célia Dênis Élise Fátima Gül Hanna Íris João Käthe Łucja Máté Núria Óscar Päivi".split(" ");
const LAST_NAMES =
  "Almeida Brandt Çelik D'Ávila Esposito Fournier García Højer Ito Kowalska Müller O'Neill Peña".split(" ");
const COURSE_NAMES = ["Algorithms", "História da Arte", "Linear Algebra", "Educational Technology"];
const TITLES = ["Week 1 slides", "Introduction", "Final project", "Syllabus", "Case study", "Practice"];
const TRICKY_TITLES = [
  "Intro, part 1",
  'Lecture "A"',
  "Line one\nline two",
  "=SUM(A1:A9)",
  "+55 (11) 99999-0000",
  "@home exercise",
  "Avaliação 1; turma B",
  "Emoji 🎓 unit",
  "-negative start",
  "Tab\there",
  "R&D <draft>",
];

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole log as one text. */
export function syntheticLog(options: SyntheticOptions): string {
  return [...syntheticLines(options)].join("");
}

/** A log line by line, newest first, with its line ends. The same options give the same log. */
export function* syntheticLines(options: SyntheticOptions): Generator<string> {
  const { language = "en", delimiter = ",", lineEnd = "\n" } = options;
  const random = seededRandom(options.seed ?? 1);
  const world = new World(options, random);
  const columns = COLUMNS.filter((column) => column !== "course" || options.site === true);
  const heading = columns.map((column) => NAMES.headings[language][column][0] ?? column);
  const line = (cells: readonly string[]) =>
    cells.map((cell) => quoted(cell, delimiter)).join(delimiter) + lineEnd;
  yield (options.bom === true ? "\ufeff" : "") +
    line(options.indexColumn === true ? ["", ...heading] : heading);
  const seconds = (options.days ?? 120) * 86_400;
  let instant = Date.UTC(2024, 10, 30, 23, 59, 58) / 1000;
  for (let row = 0; row < options.rows; row++) {
    instant -= Math.floor(-Math.log(1 - random()) * (seconds / options.rows));
    const cells = world.row(instant);
    yield line(options.indexColumn === true ? [String(row), ...cells] : cells);
  }
}

function quoted(cell: string, delimiter: string): string {
  return /["\r\n]/.test(cell) || cell.includes(delimiter) || cell.includes(" ")
    ? `"${cell.replaceAll('"', '""')}"`
    : cell;
}

class World {
  readonly #options: SyntheticOptions;
  readonly #random: () => number;
  readonly #language: Language;
  readonly #weights: number[] = [];
  readonly #users: readonly string[];

  constructor(options: SyntheticOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
    this.#language = options.language ?? "en";
    let sum = 0;
    for (const [weight] of EVENTS) {
      sum += weight;
      this.#weights.push(sum);
    }
    this.#users = Array.from(
      { length: options.users ?? 60 },
      () => `${this.#pick(FIRST_NAMES)} ${this.#pick(LAST_NAMES)}`,
    );
  }

  row(instant: number): string[] {
    const random = this.#random;
    const user = Math.floor(random() ** 2 * this.#users.length);
    const other = Math.floor(random() * this.#users.length);
    const [, component, event] = this.#event();
    const course = Math.floor(random() * (this.#options.courses ?? 4));
    const module = Math.floor(random() * 40);
    const isBroken = random() < (this.#options.bad ?? 0);
    const time = formatTime(instant, this.#language, this.#options.time ?? "newest");
    const courseName = `${COURSE_NAMES[course % COURSE_NAMES.length]} ${1 + Math.floor(course / COURSE_NAMES.length)}`;
    const isAboutCourse = component === "core" || component.startsWith("gradereport");
    const name = (index: number) => (this.#options.anonymous === true ? "-" : (this.#users[index] ?? "-"));
    const ids = {
      user: user + 3,
      other: other + 3,
      course: course + 2,
      module: (course + 2) * 1000 + module,
    };
    const cells = [
      isBroken ? (["", "-", "n/a", "yesterday"][Math.floor(random() * 4)] ?? "") : time,
      name(user),
      event.includes("profile") || event.includes("graded") ? name(other) : "-",
      isAboutCourse
        ? `${NAMES.headings[this.#language].course[0]}: ${courseName}`
        : `${this.#componentName(component)}: ${this.#title(component, ids.module)}`,
      this.#componentName(component),
      nameIn(NAMES.events[event], this.#language),
      this.#options.withoutDescriptions === true ? "" : this.#describe(event, component, ids),
      random() < 0.92 ? "web" : "ws",
      `192.0.2.${user % 250}`,
    ];
    return this.#options.site === true ? [courseName, ...cells] : cells;
  }

  #event(): readonly [number, string, string] {
    const at = this.#random() * (this.#weights.at(-1) ?? 1);
    return (
      EVENTS[this.#weights.findIndex((sum) => at < sum)] ?? (EVENTS[0] as readonly [number, string, string])
    );
  }

  #componentName(component: string): string {
    return component === "core"
      ? CORE_NAMES[this.#language]
      : nameIn(NAMES.components[component], this.#language);
  }

  #title(component: string, module: number): string {
    const titles = this.#options.tricky === true ? [...TITLES, ...TRICKY_TITLES] : TITLES;
    const title = titles[(module + component.length) % titles.length] ?? "";
    return `${title} ${module}`;
  }

  #describe(
    event: string,
    component: string,
    ids: { readonly user: number; readonly other: number; readonly course: number; readonly module: number },
  ): string {
    const type = component.startsWith("mod_") ? component.slice(4) : "assign";
    const values: Readonly<Record<string, number>> = {
      5: ids.user,
      6: ids.other,
      2: ids.course,
      9: ids.module,
    };
    return (eventDescriptions()[event] ?? "")
      .replace("MODULE", type)
      .replace(/'(\d+)'/g, (_, id: string) => `'${values[id] ?? Math.floor(this.#random() * 99_999)}'`);
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T;
  }
}

const CORE_NAMES: Readonly<Record<Language, string>> = {
  en: "System",
  "pt-BR": "Sistema",
  pt: "Sistema",
  es: "Sistema",
  fr: "Système",
  de: "System",
  it: "Sistema",
  ca: "Sistema",
  gl: "Sistema",
  eu: "Sistema",
};

/** A name in a language; Moodle shows the English one where a language pack has none. */
export function nameIn(
  names: Readonly<Partial<Record<Language, string>>> | undefined,
  language: Language,
): string {
  return names?.[language] ?? names?.en ?? "";
}

const SHORT_MONTHS: Readonly<Record<Language, string>> = {
  en: "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
  "pt-BR": "jan fev mar abr mai jun jul ago set out nov dez",
  pt: "jan fev mar abr mai jun jul ago set out nov dez",
  es: "ene feb mar abr may jun jul ago sep oct nov dic",
  fr: "janv. févr. mars avril mai juin juil. août sept. oct. nov. déc.",
  de: "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez",
  it: "gen feb mar apr mag giu lug ago set ott nov dic",
  ca: "gen febr març abr maig juny jul ag set oct nov des",
  gl: "xan feb mar abr mai xuñ xul ago set out nov dec",
  eu: "urt ots mar api mai eka uzt abu ira urr aza abe",
};
const FULL_MONTHS: Readonly<Partial<Record<Language, string>>> = {
  fr: "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
  de: "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
};

/**
 * A time as Moodle writes it: in the language's newest, earlier or oldest form, or as other sites and
 * spreadsheets do.
 */
export function formatTime(instant: number, language: Language, style: TimeStyle): string {
  const date = new Date(instant * 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const [day, month, year] = [date.getUTCDate(), date.getUTCMonth() + 1, date.getUTCFullYear()];
  const [hour, minute, second] = [date.getUTCHours(), two(date.getUTCMinutes()), two(date.getUTCSeconds())];
  const [dd, mm, yy, hh] = [two(day), two(month), two(year % 100), two(hour)];
  const short = SHORT_MONTHS[language].split(" ")[month - 1] ?? "";
  const full = FULL_MONTHS[language]?.split(" ")[month - 1] ?? short;
  const halfDay = `${hour % 12 === 0 ? 12 : hour % 12}:${minute}:${second} ${hour < 12 ? "AM" : "PM"}`;
  if (style === "us12") return `${month}/${day}/${yy}, ${halfDay}`;
  if (style === "us24") return `${mm}/${dd}/${year} ${hh}:${minute}`;
  if (style === "iso") return `${year}-${mm}-${dd} ${hh}:${minute}:${second}`;
  if (style === "instant") return `${year}-${mm}-${dd}T${hh}:${minute}:${second}Z`;
  const newest: Partial<Record<Language, string>> = {
    fr: `${day} ${full} ${yy}, ${hh}:${minute}:${second}`,
    de: `${day}. ${full} ${year}, ${hh}:${minute}:${second}`,
    eu: `${yy}/${mm}/${dd}, ${hh}:${minute}:${second}`,
  };
  const before: Partial<Record<Language, string>> = {
    en: `${day}/${mm}/${yy}, ${hh}:${minute}`,
    ca: `${day}/${mm}/${yy}, ${hh}:${minute}`,
    pt: `${day}/${mm}/${yy} às ${hh}:${minute}`,
    fr: `${day} ${full} ${yy}, ${hh}:${minute}`,
    de: `${dd}.${mm}.${year} ${hh}:${minute}`,
    gl: `${day}/ ${mm}/${year}, ${hh}:${minute}`,
    eu: `${year}/${mm}/${dd}  ${hh}:${minute}`,
  };
  const oldest: Partial<Record<Language, string>> = {
    en: `${day} ${short}, ${hh}:${minute}`,
    es: `${day} de ${short}, ${hh}:${minute}`,
    pt: `${day} de ${short} às ${hh}:${minute}`,
    de: `${day}. ${short}, ${hh}:${minute}`,
  };
  if (style === "before") return before[language] ?? `${day}/${mm}/${year} ${hh}:${minute}`;
  if (style === "oldest") return oldest[language] ?? `${day} ${short}, ${hh}:${minute}`;
  return newest[language] ?? `${day}/${mm}/${yy}, ${hh}:${minute}:${second}`;
}
