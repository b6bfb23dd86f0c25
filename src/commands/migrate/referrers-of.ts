import type { PlannedManifest, RepositoryPlan } from "../../engine/migrate/plan.ts";
import type { Digest } from "../../oci/digest.ts";

/**
 * Finds the manifests that are about one, or about what is below it, or about those in turn: what is planned though no tag
 * leads to it by naming it.
 */
export function createReferrerFinder({
  manifests,
  tags,
}: Pick<RepositoryPlan, "manifests" | "tags">): (digest: Digest) => readonly PlannedManifest[] {
  const planned = new Map(manifests.map((manifest) => [manifest.digest, manifest]));
  const named = below(tags.map(({ digest }) => digest));
  const about = new Map<Digest, PlannedManifest[]>();
  for (const manifest of manifests) {
    if (named.has(manifest.digest)) continue;
    for (const digest of manifest.after) {
      const others = about.get(digest);
      if (others === undefined) about.set(digest, [manifest]);
      else others.push(manifest);
    }
  }
  if (about.size === 0) return () => [];

  return (digest) => {
    const found = new Set<PlannedManifest>();
    const seen = below([digest]);
    // Grows while it is read: what is about a referrer belongs to it.
    for (const one of seen) {
      for (const referrer of about.get(one) ?? []) {
        found.add(referrer);
        seen.add(referrer.digest);
      }
    }
    return [...found];
  };

  /** Those, and everything that they need. */
  function below(roots: readonly Digest[]): Set<Digest> {
    const seen = new Set(roots);
    for (const digest of seen) {
      for (const needed of planned.get(digest)?.after ?? []) seen.add(needed);
    }
    return seen;
  }
}

/**
 * The manifests of a plan that no tag which is to be set leads to, and that are about none of those: what came to the
 * source after something that the target has already.
 */
export function looseIn({
  manifests,
  tags,
}: Pick<RepositoryPlan, "manifests" | "tags">): readonly PlannedManifest[] {
  const planned = new Map(manifests.map((manifest) => [manifest.digest, manifest]));
  const open = tags.filter(({ there }) => there !== "present");
  const reached = new Set(open.map(({ digest }) => digest));
  for (const digest of reached) {
    for (const needed of planned.get(digest)?.after ?? []) reached.add(needed);
  }
  // What is needed comes first, so that one look at each is enough.
  for (const { digest, after } of manifests) {
    if (after.some((needed) => reached.has(needed))) reached.add(digest);
  }
  return manifests.filter(({ digest }) => !reached.has(digest));
}
