import { PatternError, next, quote, readEscape, take, takeUntil } from "./re2-escape.ts";
import type { Cursor } from "./re2-escape.ts";

/** POSIX classes as members of a JavaScript class. Source: RE2 syntax, ASCII character classes. */
const POSIX: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7f",
  blank: "\\t\\x20",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "\\x21-\\x7e",
  lower: "a-z",
  print: "\\x20-\\x7e",
  punct: "\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e",
  space: "\\t\\n\\v\\f\\r\\x20",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};

/** Translates a character class; the cursor stands after its `[` and ends after its `]`. */
export function translateClass(cursor: Cursor): string {
  let source = take(cursor, "^") ? "[^" : "[";
  for (let isFirst = true; isFirst || !take(cursor, "]"); isFirst = false) {
    if (take(cursor, "[:")) {
      source += posixClass(cursor);
      continue;
    }
    const low = member(cursor);
    if (low.kind === "set") {
      source += low.source;
      continue;
    }
    const isRange = cursor.chars[cursor.at] === "-" && cursor.chars[cursor.at + 1] !== "]";
    if (!isRange) {
      source += quote(low.char);
      continue;
    }
    cursor.at++;
    source += `${quote(low.char)}-${quote(rangeEnd(cursor, low.char))}`;
  }
  return `${source}]`;
}

function rangeEnd(cursor: Cursor, low: string): string {
  const high = member(cursor);
  if (high.kind === "set") throw new PatternError(`the range ${low}-${high.source}`);
  if ((high.char.codePointAt(0) ?? 0) < (low.codePointAt(0) ?? 0)) {
    throw new PatternError(`the reversed range ${low}-${high.char}`);
  }
  return high.char;
}

function member(cursor: Cursor): ReturnType<typeof readEscape> {
  const char = next(cursor);
  if (char === undefined) throw new PatternError("a [ that is never closed");
  return char === "\\" ? readEscape(cursor) : { kind: "char", char };
}

function posixClass(cursor: Cursor): string {
  const name = takeUntil(cursor, ":]");
  if (name === undefined) throw new PatternError("a [: that is never closed");
  const isNegated = name.startsWith("^");
  const members = POSIX[isNegated ? name.slice(1) : name];
  if (members === undefined) throw new PatternError(`the unknown class [:${name}:]`);
  return `[${isNegated ? "^" : ""}${members}]`;
}
