/** Control characters, and those that change the direction of the text around them (a classic disguise of a file's ending). */
const UNSHOWABLE = /[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const MAX_LENGTH = 255;

/** A client's file name as it may be shown: no folders, no control characters, at most 255 characters of which the ending is kept. `unnamed` when nothing is left. */
export function displayName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const clean = last.replaceAll(UNSHOWABLE, "").normalize("NFC").trim();
  if (clean === "" || clean === "." || clean === "..") return "unnamed";
  const characters = [...clean];
  if (characters.length <= MAX_LENGTH) return clean;
  const ending = /\.[^.]{1,16}$/u.exec(clean)?.[0] ?? "";
  return characters.slice(0, MAX_LENGTH - [...ending].length).join("") + ending;
}

/** A media type without its parameters, lower-case; `application/octet-stream` when it is none. */
export function mediaTypeOf(text: string): string {
  const type = (text.split(";")[0] ?? "").trim().toLowerCase();
  return /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/.test(type)
    ? type
    : "application/octet-stream";
}
