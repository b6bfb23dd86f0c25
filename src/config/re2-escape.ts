/** Where a translation stands in its pattern. */
export interface Cursor {
  /** Code points. */
  readonly chars: readonly string[];
  at: number;
}

/** Why a pattern is refused: one line, about the pattern. */
export class PatternError extends Error {
  override readonly name = "PatternError";
}

/** What an escape sequence stands for. */
export type Escape =
  | { readonly kind: "char"; readonly char: string }
  /** The source of a set, usable alone and inside a character class. */
  | { readonly kind: "set"; readonly source: string };

const CONTROL: Readonly<Record<string, string>> = {
  a: "\u0007",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** Perl classes are ASCII in RE2, and `\s` has no `\v`. Source: RE2 syntax, Perl character classes. */
const SETS: Readonly<Record<string, string>> = {
  d: "[0-9]",
  D: "[^0-9]",
  s: "[\\t\\n\\f\\r\\x20]",
  S: "[^\\t\\n\\f\\r\\x20]",
  w: "[0-9A-Za-z_]",
  W: "[^0-9A-Za-z_]",
};

/** Reads an escape that means the same inside and outside a class; the cursor stands after its backslash. */
export function readEscape(cursor: Cursor): Escape {
  const letter = next(cursor);
  if (letter === undefined) throw new PatternError("a backslash at its end");
  const set = SETS[letter];
  if (set !== undefined) return { kind: "set", source: set };
  const control = CONTROL[letter];
  if (control !== undefined) return { kind: "char", char: control };
  if (letter === "p" || letter === "P") return unicodeClass(cursor, letter === "P");
  if (letter === "x") return { kind: "char", char: hexadecimal(cursor) };
  if (/[0-7]/.test(letter)) return { kind: "char", char: octal(cursor, letter) };
  if (/[0-9]/.test(letter)) throw backReference(letter);
  if (/^[!-/:-@[-`{-~]$/.test(letter)) return { kind: "char", char: letter };
  if (letter === "k") throw backReference("k");
  throw new PatternError(`the unknown escape \\${letter}`);
}

/** Takes one code point; `undefined` at the end. */
export function next(cursor: Cursor): string | undefined {
  const char = cursor.chars[cursor.at];
  if (char !== undefined) cursor.at++;
  return char;
}

/** Takes `text` if it comes next. */
export function take(cursor: Cursor, text: string): boolean {
  const chars = Array.from(text);
  if (chars.some((char, index) => cursor.chars[cursor.at + index] !== char)) return false;
  cursor.at += chars.length;
  return true;
}

/** Takes everything up to `end` and `end` itself; `undefined`, and nothing taken, when it never comes. */
export function takeUntil(cursor: Cursor, end: string): string | undefined {
  const rest = cursor.chars.slice(cursor.at).join("");
  const index = rest.indexOf(end);
  if (index === -1) return undefined;
  const taken = rest.slice(0, index);
  cursor.at += Array.from(taken + end).length;
  return taken;
}

/** A character as it stands in a JavaScript pattern, alone or in a class. */
export function quote(char: string): string {
  if (/^[0-9A-Za-z_]$/.test(char)) return char;
  return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
}

function backReference(what: string): PatternError {
  return new PatternError(`the back-reference \\${what}, which RE2 does not have`);
}

/** `\0`, `\012`, and `\12` with a digit after it; a lone `\1` is a back-reference. */
function octal(cursor: Cursor, first: string): string {
  let digits = first;
  while (digits.length < 3 && /^[0-7]$/.test(cursor.chars[cursor.at] ?? "")) digits += next(cursor);
  if (first !== "0" && digits.length === 1) throw backReference(first);
  return String.fromCodePoint(Number.parseInt(digits, 8));
}

/** `\x7F` or `\x{10FFFF}`. */
function hexadecimal(cursor: Cursor): string {
  const digits = take(cursor, "{")
    ? takeUntil(cursor, "}")
    : `${next(cursor) ?? ""}${next(cursor) ?? ""}`;
  const isWhole = digits !== undefined && /^[0-9A-Fa-f]{1,8}$/.test(digits);
  const code = isWhole ? Number.parseInt(digits, 16) : Number.NaN;
  if (!(code <= 0x10_ff_ff)) throw new PatternError("a broken \\x escape");
  return String.fromCodePoint(code);
}

/** `\pL`, `\p{Greek}`, `\p{^Greek}`: a general category or a script. */
function unicodeClass(cursor: Cursor, isNegated: boolean): Escape {
  const name = take(cursor, "{") ? takeUntil(cursor, "}") : next(cursor);
  if (name === undefined || name === "") throw new PatternError("a broken \\p escape");
  const bare = name.startsWith("^") ? name.slice(1) : name;
  const letter = isNegated === name.startsWith("^") ? "p" : "P";
  if (bare === "Any") return { kind: "set", source: letter === "p" ? "[^]" : "[]" };
  const source = `\\${letter}{${bare.length <= 2 ? bare : `Script=${bare}`}}`;
  if (!/^[A-Za-z_]+$/.test(bare) || !compiles(source)) {
    throw new PatternError(`the unknown Unicode class ${name}`);
  }
  return { kind: "set", source };
}

function compiles(source: string): boolean {
  try {
    return new RegExp(source, "v") instanceof RegExp;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
