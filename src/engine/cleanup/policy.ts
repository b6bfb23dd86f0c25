/** One of `cleanup.keepPolicies`. The configuration produces this shape, with every default applied. */
export interface KeepPolicy {
  readonly references: {
    readonly kind: "branch" | "tag";
    /** As written: a literal name or `/regexp/`. */
    readonly pattern: string;
    /** Source of an anchored regular expression. */
    readonly regexp: string;
    readonly flags: string;
    readonly limit: Limit;
  };
  readonly imagesPerReference: Limit;
}

/** Which of a list, newest first, count. */
export interface Limit {
  /** How many of the newest; -1 is no limit, `undefined` not given. */
  readonly last: number | undefined;
  /** Milliseconds back from now; `undefined` is not given. */
  readonly inMs: number | undefined;
  readonly operator: "And" | "Or";
}

/**
 * Whether the item at `rank` (0 is the newest) of age `ageMs` counts.
 *
 * A side that is not given does not take part: `Or` with one side means that side.
 */
export function isWithin({ last, inMs, operator }: Limit, rank: number, ageMs: number): boolean {
  const byRank = last === undefined ? undefined : last < 0 || rank < last;
  const byAge = inMs === undefined ? undefined : ageMs <= inMs;
  if (byRank === undefined || byAge === undefined) return byRank ?? byAge ?? true;
  return operator === "And" ? byRank && byAge : byRank || byAge;
}
