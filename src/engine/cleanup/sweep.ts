import type { Digest } from "../../oci/digest.ts";
import { isIndexType } from "../../oci/media-type.ts";
import type { Catalog } from "./catalog.ts";
import type { Closure } from "./closure.ts";
import type { Decision } from "./decision.ts";
import type { Dying } from "./dying.ts";
import { isUnclaimed } from "./cascade.ts";
import type { CleanupInput, Facts, UntaggedManifest } from "./inventory.ts";
import type { Orphans } from "./orphans.ts";
import { namesOn } from "./parents.ts";
import type { Untagged } from "./untagged.ts";

/** What the decisions about manifests without a tag stand on. */
export interface SweepFindings {
  readonly input: CleanupInput;
  readonly catalog: Catalog;
  readonly closure: Closure;
  readonly untagged: Untagged;
  readonly dying: Dying;
  /** Listed referrers, and signature tags, whose subject is not there. */
  readonly orphans: ReadonlySet<Digest>;
  /** Names of what leads to a manifest, by its digest. */
  readonly parents: ReadonlyMap<string, readonly string[]>;
}

/** Decides which manifests without a tag go. What nothing decides about stays. */
export function decideUntagged({
  input,
  catalog,
  closure,
  untagged,
  dying,
  orphans,
  parents,
}: SweepFindings): Map<Digest, Decision> {
  const decisions = new Map<Digest, Decision>();
  const go = (digest: Digest, because: "untagged" | "orphan" | "subject-gone"): void => {
    const subject = untagged.subjects.get(digest);
    const about = subject === undefined ? [] : namesOn(subject, { catalog, untagged });
    decisions.set(digest, { because, after: [...(parents.get(digest) ?? []), ...about] });
  };
  for (const [digest, subject] of dying.untagged) {
    const isThere = catalog.byDigest.has(subject) || untagged.manifests.has(subject);
    go(digest, isThere ? "subject-gone" : "orphan");
  }
  if (input.untagged === undefined) return decisions;
  for (const digest of orphans) if (!closure.reached.has(digest)) go(digest, "orphan");
  if (input.deleteUntagged !== true) return decisions;
  for (const { digest } of input.untagged) {
    if (!untagged.manifests.has(digest) || closure.reached.has(digest)) continue;
    const subject = untagged.subjects.get(digest);
    const isAbout = subject !== undefined && untagged.manifests.has(subject);
    if (!decisions.has(digest)) go(digest, isAbout ? "subject-gone" : "untagged");
  }
  return decisions;
}

/**
 * Signature and fallback tags that stay though nothing kept leads to them, because nobody decided about them. What their
 * indexes name stays with them.
 */
export function strayReferrers(
  decisions: ReadonlyMap<string, Decision>,
  {
    catalog,
    dying,
    orphans,
  }: {
    readonly catalog: Catalog;
    readonly dying: Dying;
    readonly orphans: Orphans;
  },
): string[] {
  return [...catalog.referrers.values()].flat().flatMap(({ tag, digest }) => {
    const decision = decisions.get(tag);
    if (decision === undefined || !isUnclaimed(decision) || orphans.going.has(tag)) return [];
    return digest === undefined || dying.digests.has(digest) ? [] : [tag];
  });
}

/**
 * Tags and listed manifests that stay and may be indexes that nobody can read: which manifests without a tag they name is not known, so none of
 * those may go.
 */
export function findBlindSpots(
  decisions: ReadonlyMap<string, Decision>,
  { tags }: Catalog,
  facts: ReadonlyMap<Digest, Facts>,
  listed: readonly UntaggedManifest[],
): string[] {
  const manifests = listed.flatMap(({ digest, mediaType }) =>
    mayBeIndex(mediaType) && facts.get(digest)?.kind === "unreadable" ? [digest] : [],
  );
  const found = [...tags.values()].flatMap(({ tag, digest, mediaType }) => {
    const decision = decisions.get(tag);
    if (decision !== undefined && "because" in decision) return [];
    if (digest === undefined) return [tag];
    const known = facts.get(digest)?.kind;
    const isBlind = known === "unreadable" || known === "absent";
    return isBlind && mayBeIndex(mediaType) ? [tag] : [];
  });
  return [...found, ...manifests];
}

function mayBeIndex(mediaType: string | undefined): boolean {
  return mediaType === undefined || isIndexType(mediaType);
}
