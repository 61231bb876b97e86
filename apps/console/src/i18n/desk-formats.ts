import { formatDuration } from "./formats.js";
import type { LanguageCode } from "./language.js";

/** A duration that is compared with others: `12 ms`, `1.4 s`, then as `formatDuration`. */
export function formatSpan(ms: number, language: LanguageCode): string {
  const span = Math.max(0, ms);
  if (span < 1_000) return `${Math.round(span)} ms`;
  if (span >= 60_000) return formatDuration(span);
  return `${(span / 1_000).toLocaleString(language, { maximumFractionDigits: 1 })} s`;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** An age in its largest unit: `5 min`, `3 h`, `12 d`. */
export function formatAge(ms: number): string {
  const [unit, unitMs] = UNITS.find(([, each]) => ms >= each) ?? UNITS[3];
  return `${Math.max(0, Math.floor(ms / unitMs))} ${unit}`;
}

/** A moment to the second, as logs have it, in the reader's time zone. */
export function formatExact(at: number, language: LanguageCode): string {
  return new Date(at).toLocaleString(language, { dateStyle: "short", timeStyle: "medium" });
}

/** The time of a day to the millisecond: `14:03:07.120`. */
export function formatTime(at: number, language: LanguageCode): string {
  return new Date(at).toLocaleTimeString(language, {
    ...{ hour: "2-digit", minute: "2-digit", second: "2-digit" },
    ...{ fractionalSecondDigits: 3, hour12: false },
  });
}
