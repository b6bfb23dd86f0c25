import type { CleanupInput } from "../engine/cleanup/inventory.ts";
import type { KeepPolicy, Limit } from "../engine/cleanup/policy.ts";
import { selectReferences } from "../engine/cleanup/references.ts";

/** A keep policy with the references that it matched. */
export interface MatchedPolicy {
  /** From 1, as in the messages. */
  readonly policy: number;
  readonly kind: "branch" | "tag";
  /** As written. */
  readonly pattern: string;
  /** Which of the matching references count; empty: all. */
  readonly limit: string;
  /** Which images of each reference count; empty: all. */
  readonly images: string;
  /** References that the policy takes, newest first. */
  readonly references: readonly string[];
  /** How many of them a later policy takes over. */
  readonly overruled: number;
}

/** The keep policies of a run; none when the Git policies were off. */
export function policiesOf(input: CleanupInput): readonly MatchedPolicy[] {
  const { history, policies, now } = input;
  if (history === undefined) return [];
  const { selected, byPolicy } = selectReferences(policies, history.references, now);
  const won = new Map<number, number>();
  for (const { policy } of selected) won.set(policy, (won.get(policy) ?? 0) + 1);
  return policies.map((policy, place) => {
    const references = byPolicy[place] ?? [];
    return {
      ...wordsOf(policy, place),
      references,
      overruled: references.length - (won.get(place) ?? 0),
    };
  });
}

function wordsOf(
  { references: { kind, pattern, limit }, imagesPerReference }: KeepPolicy,
  place: number,
): Pick<MatchedPolicy, "policy" | "kind" | "pattern" | "limit" | "images"> {
  return {
    policy: place + 1,
    kind,
    pattern,
    limit: describeLimit(limit),
    images: describeLimit(imagesPerReference),
  };
}

/** `the newest 10`, `the last 168 h`; empty when nothing is limited. */
export function describeLimit({ last, inMs, operator }: Limit): string {
  const sides = [
    ...(last === undefined || last < 0 ? [] : [`the newest ${last}`]),
    ...(inMs === undefined ? [] : [`those of the last ${inMs / 3_600_000} h`]),
  ];
  const isAll = last !== undefined && last < 0 && operator === "Or";
  return isAll ? "" : sides.join(operator === "And" ? " and of them " : " or ");
}
