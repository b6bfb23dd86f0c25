import { translateClass } from "./re2-class.ts";
import { PatternError, next, quote, readEscape, take } from "./re2-escape.ts";
import type { Cursor } from "./re2-escape.ts";

export interface TranslatedPattern {
  /** Source of a JavaScript regular expression. */
  readonly source: string;
  readonly flags: "v" | "iv";
  /** Names of the groups, those that are not captured too. */
  readonly names: ReadonlySet<string>;
}

interface Translation {
  readonly cursor: Cursor;
  /** Whether case was folded, at each place where it could matter. */
  readonly folds: Set<boolean>;
  readonly names: Set<string>;
  readonly captures: ReadonlySet<string>;
}

/** Go's flags as they hold at one place: fold case, `^ $` at lines, `.` takes `\n`, ungreedy. */
type Flags = Readonly<Record<"i" | "m" | "s" | "U", boolean>>;

/** Go refuses larger counts. Source: RE2 syntax, repetitions. */
const MAX_REPEAT = 1000;

const QUOTED = /\\Q(?<text>[^]*?)(?:\\E|$)|\\[^]/g;
const FLAGS = /^\(\?(?<on>[imsU]*)(?:-(?<off>[imsU]+))?(?<end>[:)])/;
const NAME = /^\(\?P?<(?<name>[^>=!][^>]*)>/;
const REPEAT = /^(?:(?<symbol>[*+?])|\{(?<min>[0-9]+)(?<comma>,(?<max>[0-9]*))?\})(?<lazy>\??)/;

/**
 * Translates Go's RE2 syntax to JavaScript. Source: RE2 syntax page; Go, regexp/syntax.
 *
 * Refuses what RE2 refuses (back-references, look-arounds, nested repetitions), so that a pattern never
 * means something else here than there. Folding case must hold for the whole pattern. Throws `PatternError`.
 *
 * @param captures Names of the groups that capture; the others only group.
 */
export function translateRe2(
  pattern: string,
  captures: ReadonlySet<string> = new Set(),
): TranslatedPattern {
  const chars = Array.from(pattern.replace(QUOTED, unquote));
  const translation: Translation = {
    cursor: { chars, at: 0 },
    folds: new Set(),
    names: new Set(),
    captures,
  };
  const source = sequence(translation, { i: false, m: false, s: false, U: false });
  if (translation.cursor.at < chars.length) throw new PatternError("a ) that opens nowhere");
  if (translation.folds.size > 1) {
    throw new PatternError("(?i) for a part of it only (write (?i) at its start)");
  }
  const flags = translation.folds.has(true) ? "iv" : "v";
  return { source, flags, names: translation.names };
}

/** `\Qa.b\E` → `a\.b`. */
function unquote(match: string, text: string | undefined): string {
  return text === undefined ? match : text.replace(/[!-/:-@[-`{-~]/g, "\\$&");
}

/** Translates alternatives up to the closing parenthesis or the end. */
function sequence(translation: Translation, outer: Flags): string {
  const { cursor } = translation;
  let flags = outer;
  let source = "";
  for (;;) {
    const char = cursor.chars[cursor.at];
    if (char === undefined || char === ")") return source;
    if (take(cursor, "|")) {
      source += "|";
      continue;
    }
    const changed = char === "(" ? takeFlags(cursor, flags, ")") : undefined;
    if (changed !== undefined) {
      flags = changed;
      continue;
    }
    if (takeRepeat(cursor, flags) !== undefined) {
      throw new PatternError(`nothing before ${char} to repeat`);
    }
    source += atom(translation, flags) + (takeRepeat(cursor, flags) ?? "");
    if (takeRepeat(cursor, flags) !== undefined) {
      throw new PatternError("a repetition of a repetition");
    }
  }
}

/** Assertions stand in groups of their own, because RE2 lets them be repeated. */
function atom(translation: Translation, flags: Flags): string {
  const { cursor, folds } = translation;
  if (cursor.chars[cursor.at] === "(") return group(translation, flags);
  if (take(cursor, ".")) return flags.s ? "[^]" : "[^\\n]";
  if (take(cursor, "^")) return flags.m ? "(?:(?<![^\\n]))" : "(?:^)";
  if (take(cursor, "$")) return flags.m ? "(?:(?![^\\n]))" : "(?:$)";
  if (take(cursor, "\\A")) return "(?:^)";
  if (take(cursor, "\\z")) return "(?:$)";
  if (take(cursor, "\\b")) return "(?:\\b)";
  if (take(cursor, "\\B")) return "(?:\\B)";
  folds.add(flags.i);
  if (take(cursor, "[")) return translateClass(cursor);
  if (!take(cursor, "\\")) return quote(next(cursor) ?? "");
  const escape = readEscape(cursor);
  return escape.kind === "set" ? escape.source : quote(escape.char);
}

function group(translation: Translation, flags: Flags): string {
  const { cursor, names, captures } = translation;
  let inner = flags;
  const name = NAME.exec(rest(cursor))?.groups?.["name"];
  if (name !== undefined) {
    if (!/^[0-9A-Za-z_]+$/.test(name)) throw new PatternError(`the bad group name ${name}`);
    if (names.has(name)) throw new PatternError(`two groups named ${name}`);
    names.add(name);
    takeUntilAfter(cursor, ">");
  } else if (rest(cursor).startsWith("(?")) {
    inner = takeFlags(cursor, flags, ":") ?? refuseGroup(cursor);
  } else {
    take(cursor, "(");
  }
  const source = sequence(translation, inner);
  if (!take(cursor, ")")) throw new PatternError("a ( that is never closed");
  return name !== undefined && captures.has(name) ? `(?<${name}>${source})` : `(?:${source})`;
}

function refuseGroup(cursor: Cursor): never {
  const text = rest(cursor);
  if (/^\(\?<?[=!]/.test(text)) throw new PatternError("a look-around, which RE2 does not have");
  throw new PatternError(`the unknown group ${text.slice(0, 4)}`);
}

/** `(?i)` with `end` `)`, `(?i:` and `(?:` with `end` `:`. `undefined`, and nothing taken, for anything else. */
function takeFlags(cursor: Cursor, flags: Flags, end: ":" | ")"): Flags | undefined {
  const match = FLAGS.exec(rest(cursor));
  if (match?.groups?.["end"] !== end) return undefined;
  const { on = "", off = "" } = match.groups;
  take(cursor, match[0]);
  const set = (letter: keyof Flags): boolean =>
    (flags[letter] || on.includes(letter)) && !off.includes(letter);
  return { i: set("i"), m: set("m"), s: set("s"), U: set("U") };
}

/** A repetition operator as JavaScript writes it; `undefined`, and nothing taken, when none comes next. */
function takeRepeat(cursor: Cursor, flags: Flags): string | undefined {
  const match = REPEAT.exec(rest(cursor));
  if (match?.groups === undefined) return undefined;
  const { symbol, min = "0", comma, max = "", lazy = "" } = match.groups;
  if (Number(min) > MAX_REPEAT || Number(max) > MAX_REPEAT) {
    throw new PatternError(`a repetition of more than ${MAX_REPEAT}`);
  }
  if (max !== "" && Number(max) < Number(min)) {
    throw new PatternError(`the reversed repetition {${min},${max}}`);
  }
  take(cursor, match[0]);
  return `${symbol ?? `{${min}${comma ?? ""}}`}${(lazy !== "") === flags.U ? "" : "?"}`;
}

function takeUntilAfter(cursor: Cursor, end: string): void {
  while (next(cursor) !== end);
}

function rest(cursor: Cursor): string {
  return cursor.chars.slice(cursor.at).join("");
}
