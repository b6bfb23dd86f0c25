import type { Digest } from "../../oci/digest.ts";
import type { DeletionMeans, Ground } from "./deletions.ts";
import type { Decision } from "./decision.ts";

/** What a registry that deletes more than it was told keeps from going. */
export interface Cascade {
  /** Manifests that would take along what something kept needs, with the first such digest of each. */
  readonly blocked: ReadonlyMap<Digest, Digest>;
  /** Everything below those: as long as the index is there, it names them. */
  readonly pinned: ReadonlySet<Digest>;
  /** What no tag names and goes with an index, where its own referrers go along as well. */
  readonly along: ReadonlySet<Digest>;
}

/**
 * Finds manifests that may not go as such, where the registry deletes with an index the children that nothing else names,
 * or with a manifest what is about it.
 *
 * Needed is what the closure reaches, and a referrer that has a tag of its own to stay for. What names a child otherwise is
 * a tag that stays, or another index that does; nothing saves a referrer.
 */
export function findCascade(
  going: Iterable<Digest>,
  decisions: ReadonlyMap<string, Decision>,
  { catalog, reached, facts, untagged, indexesOf }: Ground,
  { cascade = [] }: Pick<DeletionMeans, "cascade">,
): Cascade {
  const takesChildren = cascade.includes("children");
  const takesReferrers = cascade.includes("referrers");
  const blocked = new Map<Digest, Digest>();
  const pinned = new Set<Digest>();
  const along = new Set<Digest>();
  if (!takesChildren && !takesReferrers) return { blocked, pinned, along };
  const about = takesReferrers ? referrersOf() : new Map<Digest, ReadonlySet<Digest>>();
  const goes = new Set(going);
  for (const digest of goes) {
    const needed = neededBy(digest);
    if (needed === undefined) continue;
    blocked.set(digest, needed);
    for (const child of descendants(digest)) pinned.add(child);
  }
  if (takesChildren && takesReferrers) {
    for (const digest of goes) {
      if (blocked.has(digest) || pinned.has(digest)) continue;
      for (const child of descendants(digest)) if (goesAlong(child)) along.add(child);
    }
  }
  return { blocked, pinned, along };

  function goesAlong(child: Digest): boolean {
    if (catalog.byDigest.has(child) || untagged.manifests.has(child)) return false;
    return !reached.has(child) && !pinned.has(child) && !isNamed(child);
  }

  /** The first needed digest among those that go along, at any distance. */
  function neededBy(digest: Digest): Digest | undefined {
    const taken = new Set<Digest>([digest]);
    // A set yields what is added while it is read.
    for (const one of taken) {
      for (const child of takesChildren ? childrenOf(one) : []) {
        if (stays(child) && !isNamed(child)) return child;
        taken.add(child);
      }
      for (const referrer of about.get(one) ?? []) {
        if (reached.has(referrer) || hasOwnReason(referrer)) return referrer;
        taken.add(referrer);
      }
    }
    return undefined;
  }

  /** Everything below an index, through nested ones; not itself. */
  function descendants(index: Digest): ReadonlySet<Digest> {
    const below = new Set<Digest>([index]);
    for (const digest of below) for (const child of childrenOf(digest)) below.add(child);
    below.delete(index);
    return below;
  }

  function childrenOf(digest: Digest): readonly Digest[] {
    const known = facts.get(digest);
    return known?.kind === "index" ? known.children.map((child) => child.digest) : [];
  }

  /** What is known to be about a digest: by its tag, by the registry's word or by its own. */
  function referrersOf(): ReadonlyMap<Digest, ReadonlySet<Digest>> {
    const found = new Map<Digest, Set<Digest>>();
    const add = (subject: Digest, referrer: Digest | undefined): void => {
      if (referrer === undefined || referrer === subject) return;
      const others = found.get(subject) ?? new Set();
      found.set(subject, others.add(referrer));
    };
    for (const [subject, tags] of catalog.referrers) {
      for (const { digest } of tags) add(subject, digest);
    }
    for (const [subject, others] of untagged.about) for (const one of others) add(subject, one);
    for (const [digest, known] of facts) {
      if ("subject" in known && known.subject !== undefined) add(known.subject, digest);
    }
    return found;
  }

  function isNamed(digest: Digest): boolean {
    return stayingTags(digest).length > 0 || (indexesOf.get(digest) ?? []).some(stays);
  }

  function stays(digest: Digest): boolean {
    return reached.has(digest) || stayingOn(digest).length > 0;
  }

  /** A signature that stays only because nobody decided about it goes with its subject. */
  function hasOwnReason(digest: Digest): boolean {
    return stayingOn(digest).some((decision) => decision === undefined || !isUnclaimed(decision));
  }

  /** Decisions for what stays of a digest's tags, or of the digest itself where it has none. */
  function stayingOn(digest: Digest): readonly (Decision | undefined)[] {
    if (catalog.byDigest.has(digest) || !decisions.has(digest)) return stayingTags(digest);
    return [decisions.get(digest)].filter(isStaying);
  }

  function stayingTags(digest: Digest): readonly (Decision | undefined)[] {
    const entries = catalog.byDigest.get(digest) ?? [];
    return entries.map(({ tag }) => decisions.get(tag)).filter(isStaying);
  }
}

function isStaying(decision: Decision | undefined): boolean {
  return decision === undefined || "reasons" in decision;
}

/** Kept for no other reason than that nobody decided about it. */
export function isUnclaimed(decision: Decision): boolean {
  return "reasons" in decision && decision.reasons.every(({ kind }) => kind === "foreign");
}
