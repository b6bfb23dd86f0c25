import type { Digest } from "../../src/oci/digest.ts";
import { parseManifest } from "../../src/oci/manifest.ts";
import type { Capabilities } from "../../src/registry/capabilities.ts";
import type { RepositoryState } from "../../contract-tests/fakes/state.ts";

/** As much of a capability record as says what a deletion does. */
export interface DeletionRules extends Pick<
  Capabilities,
  "deletionCascade" | "refusesTagged" | "lastTagTakesManifest" | "refusesIndexChildren"
> {
  /** Whether there is a referrers API; a registry without one knows signatures by their tags alone. */
  readonly tellsReferrers: boolean;
}

/** What a deletion took. */
export interface Removed {
  readonly tags: readonly string[];
  readonly digests: readonly Digest[];
  /** Whether the registry then refused to go on. */
  readonly isRefused: boolean;
}

/** Removes a tag as a registry of these rules does: with its manifest, where that is what happens to the last one. */
export function removeTag(state: RepositoryState, tag: string, rules: DeletionRules): Removed {
  const digest = state.tags.get(tag);
  if (digest === undefined) return NOTHING;
  const takes = rules.lastTagTakesManifest && tagsOn(state, digest).length === 1;
  if (takes && rules.refusesIndexChildren && isNamed(state, digest)) return REFUSED;
  state.tags.delete(tag);
  if (!takes || !state.manifests.has(digest)) return { tags: [tag], digests: [], isRefused: false };
  const { tags, digests } = take(state, digest, rules);
  return { tags: [tag, ...tags], digests, isRefused: false };
}

/**
 * Removes a manifest as a registry of these rules does.
 *
 * @param told The tags that the caller knows; where tags do not go along, they are removed first, and another one refuses.
 */
export function removeManifest(
  state: RepositoryState,
  digest: Digest,
  told: readonly string[],
  rules: DeletionRules,
): Removed {
  const first: string[] = [];
  if (!rules.deletionCascade.includes("tags")) {
    for (const tag of told) {
      if (state.tags.get(tag) === digest && state.tags.delete(tag)) first.push(tag);
    }
    if (tagsOn(state, digest).length > 0) return { tags: first, digests: [], isRefused: true };
  }
  if (rules.refusesIndexChildren && isNamed(state, digest)) {
    return { tags: first, digests: [], isRefused: true };
  }
  const { tags, digests } = take(state, digest, rules);
  return { tags: [...first, ...tags], digests, isRefused: false };
}

const NOTHING: Removed = { tags: [], digests: [], isRefused: false };
const REFUSED: Removed = { tags: [], digests: [], isRefused: true };

/** Takes a manifest and everything that goes along with it. */
function take(
  state: RepositoryState,
  digest: Digest,
  { deletionCascade: cascade, tellsReferrers }: DeletionRules,
): { readonly tags: readonly string[]; readonly digests: readonly Digest[] } {
  const tags: string[] = [];
  const digests: Digest[] = [];
  const queue = [digest];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const children = childrenOf(state, next);
    for (const tag of tagsOn(state, next)) if (state.tags.delete(tag)) tags.push(tag);
    if (!state.manifests.delete(next)) continue;
    digests.push(next);
    if (cascade.includes("referrers")) {
      queue.push(...(tellsReferrers ? referrersOf(state, next) : signaturesOf(state, next)));
    }
    if (!cascade.includes("children")) continue;
    queue.push(
      ...children.filter((one) => tagsOn(state, one).length === 0 && !isNamed(state, one)),
    );
  }
  return { tags, digests };
}

/** Manifests that say they are about a digest. */
export function referrersOf(state: RepositoryState, digest: Digest): Digest[] {
  return [...state.manifests].flatMap(([at, stored]) =>
    parseManifest(stored).subject?.digest === digest ? [at] : [],
  );
}

/** Manifests whose tag says that they sign a digest. */
function signaturesOf({ tags }: RepositoryState, digest: Digest): Digest[] {
  const name = digest.replace(":", "-");
  return [".sig", ".att", ".sbom"].flatMap((suffix) => tags.get(`${name}${suffix}`) ?? []);
}

function tagsOn({ tags }: RepositoryState, digest: Digest): string[] {
  return [...tags].flatMap(([tag, on]) => (on === digest ? [tag] : []));
}

function isNamed(state: RepositoryState, digest: Digest): boolean {
  return [...state.manifests.keys()].some((index) => childrenOf(state, index).includes(digest));
}

function childrenOf({ manifests }: RepositoryState, digest: Digest): readonly Digest[] {
  const stored = manifests.get(digest);
  const manifest = stored === undefined ? undefined : parseManifest(stored);
  return manifest?.kind === "index" ? manifest.children.map((child) => child.digest) : [];
}
