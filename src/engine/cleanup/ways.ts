import type { Digest } from "../../oci/digest.ts";
import type { Catalog } from "./catalog.ts";
import { findCascade } from "./cascade.ts";
import type { Decision } from "./decision.ts";
import type { DeletionMeans, Ground } from "./deletions.ts";

/** How what goes on a digest goes, or what the registry takes along with it; `staysWith` names what keeps it where the registry can do neither. */
export type Way = "manifest" | "tag" | { readonly staysWith: string };

/**
 * How the going tags of each digest go, and the manifests that no tag names. `undefined` when it matters whether a tag can
 * go alone and nobody knows yet.
 */
export function howDigestsGo(
  decisions: ReadonlyMap<string, Decision>,
  ground: Ground,
  means: DeletionMeans,
): Map<Digest, Way> | undefined {
  const { catalog, reached, untagged } = ground;
  const ways = new Map<Digest, Way>();
  const whole = wholeDigests(decisions, ground, means);
  const { blocked, pinned, along } = findCascade(whole, decisions, ground, means);

  for (const [digest, entries] of catalog.byDigest) {
    if (!entries.some(({ tag }) => isGoing(decisions, tag))) continue;
    if (whole.has(digest) && !blocked.has(digest) && !pinned.has(digest)) {
      ways.set(digest, "manifest");
      continue;
    }
    if (means.tagAlone === undefined) return undefined;
    const staying = stayingTag(digest, decisions, catalog);
    const canGoAlone = means.tagAlone && (staying !== undefined || !means.lastTagTakesManifest);
    ways.set(digest, canGoAlone ? "tag" : { staysWith: staying ?? blocked.get(digest) ?? digest });
  }
  for (const digest of untagged.manifests.keys()) {
    if (!isGoing(decisions, digest)) continue;
    const goes =
      means.manifest && !reached.has(digest) && !blocked.has(digest) && !pinned.has(digest);
    ways.set(digest, goes ? "manifest" : { staysWith: blocked.get(digest) ?? digest });
  }
  for (const digest of along) ways.set(digest, "manifest");
  return ways;
}

/** Digests on which nothing stays and that nothing kept reaches. */
function wholeDigests(
  decisions: ReadonlyMap<string, Decision>,
  { catalog, reached, untagged }: Ground,
  { manifest }: DeletionMeans,
): ReadonlySet<Digest> {
  const whole = new Set<Digest>();
  if (!manifest) return whole;
  for (const digest of catalog.byDigest.keys()) {
    if (stayingTag(digest, decisions, catalog) === undefined && !reached.has(digest)) {
      whole.add(digest);
    }
  }
  for (const digest of untagged.manifests.keys()) {
    if (isGoing(decisions, digest) && !reached.has(digest)) whole.add(digest);
  }
  return whole;
}

function stayingTag(
  digest: Digest,
  decisions: ReadonlyMap<string, Decision>,
  { byDigest }: Catalog,
): string | undefined {
  return byDigest.get(digest)?.find(({ tag }) => !isGoing(decisions, tag))?.tag;
}

/** Whether a tag, or a manifest without one by its digest, is decided to go. */
export function isGoing(decisions: ReadonlyMap<string, Decision>, name: string): boolean {
  const decision = decisions.get(name);
  return decision !== undefined && "because" in decision;
}
