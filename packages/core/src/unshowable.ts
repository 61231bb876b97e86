/**
 * What a text that somebody else wrote must not carry onto a terminal, into a log or into a list of files:
 * controls of ASCII and Latin-1, what ends a line in Unicode, and what turns the direction of writing (UAX
 * 9), a disguise of a file's ending. For `replace`; a `test` would keep its place from call to call.
 */
export const UNSHOWABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
