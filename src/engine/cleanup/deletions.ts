import type { Digest } from "../../oci/digest.ts";
import type { Capabilities } from "../../registry/capabilities.ts";
import type { Catalog } from "./catalog.ts";
import type { Closure } from "./closure.ts";
import type { Decision } from "./decision.ts";
import { dropSignatures, keepWhatCannotGo } from "./holds.ts";
import type { Facts, UntaggedManifest } from "./inventory.ts";
import { labelOf } from "./label.ts";
import { orderDeletions } from "./order.ts";
import type { Deletion, Kept, KeptManifest } from "./plan.ts";
import type { Untagged } from "./untagged.ts";
import { howDigestsGo } from "./ways.ts";

/** What the registry can remove. */
export interface DeletionMeans {
  /** Whether a tag can go while its manifest stays; `undefined` while that is not known. */
  readonly tagAlone: boolean | undefined;
  /** Whether a tag that goes alone takes its manifest along when it is the last one. */
  readonly lastTagTakesManifest: boolean;
  readonly manifest: boolean;
  /** What goes with a manifest without being asked. Absent: its tags. */
  readonly cascade?: Capabilities["deletionCascade"];
  /** How the registry tells what is about a manifest. Absent: by tags alone. */
  readonly referrers?: Capabilities["referrers"];
}

/** What deletions are grouped by. */
export interface Ground {
  readonly catalog: Catalog;
  readonly facts: ReadonlyMap<Digest, Facts>;
  /** Every digest that something kept reaches or is. */
  readonly reached: ReadonlySet<Digest>;
  readonly untagged: Untagged;
  /** Known indexes by each digest they name. */
  readonly indexesOf: ReadonlyMap<Digest, readonly Digest[]>;
}

export interface Grouped {
  readonly deletions: readonly Deletion[];
  readonly kept: readonly Kept[];
}

/**
 * Groups what goes by digest and makes it possible.
 *
 * A manifest goes only when every tag on it goes and nothing kept reaches it, nor anything that the registry would delete
 * along with it; else its tags go alone where the registry can do that, and stay where it cannot. What stays for that keeps
 * its own record, marker, referrers and children. `undefined` when it matters whether a tag can go alone and nobody knows
 * yet.
 *
 * @param decisions By tag, and by digest for manifests without one; changed to what is possible.
 */
export function groupDeletions(
  decisions: Map<string, Decision>,
  ground: Ground,
  means: DeletionMeans,
): Grouped | undefined {
  let ways = howDigestsGo(decisions, ground, means);
  for (;;) {
    if (ways === undefined) return undefined;
    const changed =
      dropSignatures(decisions, ways, ground) || keepWhatCannotGo(decisions, ways, ground);
    if (!changed) break;
    ways = howDigestsGo(decisions, ground, means);
  }
  return {
    deletions: orderDeletions(decisions, ways, ground),
    kept: listKept(decisions, ground.catalog),
  };
}

/**
 * Known manifests without a tag that stay, with why. What nobody listed and nothing keeps is left out. `undefined` when
 * there are none and nobody looked.
 */
export function listKeptManifests(
  listed: readonly UntaggedManifest[] | undefined,
  decisions: ReadonlyMap<string, Decision>,
  { manifests }: Untagged,
  { untagged: reasonsOf }: Pick<Closure, "untagged">,
): KeptManifest[] | undefined {
  const isListed = new Set(listed?.map(({ digest }) => digest));
  const kept = [...manifests.keys()].flatMap((digest): KeptManifest[] => {
    const decision = decisions.get(digest);
    if (decision !== undefined && "because" in decision) return [];
    const reasons = decision?.reasons ?? reasonsOf.get(digest);
    if (reasons === undefined && !isListed.has(digest)) return [];
    return [{ digest, reasons: reasons ?? [{ kind: "unreadable" }] }];
  });
  if (kept.length === 0 && listed === undefined) return undefined;
  return kept.sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

function listKept(decisions: ReadonlyMap<string, Decision>, catalog: Catalog): Kept[] {
  const kept: Kept[] = [];
  for (const entry of catalog.tags.values()) {
    const decision = decisions.get(entry.tag);
    if (decision !== undefined && !("reasons" in decision)) continue;
    const { tag, digest } = entry;
    kept.push({
      tag,
      ...(digest === undefined ? {} : { digest }),
      class: labelOf(entry, catalog),
      reasons: decision?.reasons ?? [{ kind: "unreadable" }],
    });
  }
  return kept.sort((a, b) => (a.tag < b.tag ? -1 : a.tag > b.tag ? 1 : 0));
}
