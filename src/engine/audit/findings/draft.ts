import type { RuleId, Severity } from "../audit.ts";

/** A finding before it is put among the others. */
export interface Draft {
  readonly rule: RuleId;
  /** Absent: that of the rule. */
  readonly severity?: Severity;
  /** A tag or a digest; absent: it is about the repository. */
  readonly subject?: string;
  readonly message: string;
  /** Absent: that of the rule. */
  readonly advice?: string;
}

/** Most things of one kind that a message names. */
const MAX_NAMED = 3;

/** `a`, `a and b`, `a, b, c and 4 more`. */
export function nameFew(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED);
  const more = names.length - shown.length;
  if (more > 0) return `${shown.join(", ")} and ${more} more`;
  const last = shown.at(-1) ?? "";
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(", ")} and ${last}`;
}

/** `1 tag`, `2 tags`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** The first digits of a commit, as Git shows it. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 12);
}
