import type { HistoryReference } from "./history.ts";
import { isWithin } from "./policy.ts";
import type { KeepPolicy, Limit } from "./policy.ts";

/** A reference that a policy selects, with how many of its images that policy keeps. */
export interface SelectedReference {
  readonly reference: HistoryReference;
  /** Place of the policy in the configuration, from 0. */
  readonly policy: number;
  readonly images: Limit;
}

export interface ReferenceSelection {
  readonly selected: readonly SelectedReference[];
  /** Names of the references each policy selects, by its place. */
  readonly byPolicy: readonly (readonly string[])[];
}

/**
 * Applies the policies in order. The last policy that selects a reference decides about its images; a later
 * policy whose limit leaves the reference out does not take it from an earlier one.
 */
export function selectReferences(
  policies: readonly KeepPolicy[],
  references: readonly HistoryReference[],
  nowMs: number,
): ReferenceSelection {
  const newestFirst = [...references].sort((a, b) => b.time - a.time || compare(a.name, b.name));
  const winners = new Map<HistoryReference, number>();
  const byPolicy = policies.map((policy, place) => {
    const names = limited(policy, newestFirst, nowMs);
    for (const reference of names) winners.set(reference, place);
    return names.map(({ name }) => name);
  });
  const selected = [...winners].flatMap(([reference, policy]) => {
    const images = policies[policy]?.imagesPerReference;
    return images === undefined ? [] : [{ reference, policy, images }];
  });
  return { selected, byPolicy };
}

function limited(
  { references: { kind, regexp, flags, limit } }: KeepPolicy,
  newestFirst: readonly HistoryReference[],
  nowMs: number,
): HistoryReference[] {
  const pattern = new RegExp(regexp, flags);
  return newestFirst
    .filter((reference) => reference.kind === kind && pattern.test(reference.name))
    .filter((reference, rank) => isWithin(limit, rank, nowMs - reference.time * 1000));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
