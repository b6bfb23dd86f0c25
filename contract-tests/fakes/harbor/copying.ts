import type { Digest } from "../../../src/oci/digest.ts";
import { readManifest } from "../check-manifest.ts";
import type { RepositoryState } from "../state.ts";
import { rowOf } from "./artifacts.ts";

/** What a copy did: the immutable tag that stood against it, or nothing. */
export type CopyRefusal = { readonly kind: "immutable"; readonly tag: string };

/**
 * Copies an artifact with its children, its accessories, **and all of their tags**; what the target has already is passed by, but for the
 * tags of the artifact itself.
 *
 * Source: goharbor/harbor `src/controller/artifact/controller.go`, `copyDeeply`; goharbor/harbor#16675.
 */
export function copyDeeply(
  source: RepositoryState,
  target: RepositoryState,
  digest: Digest,
  isImmutable: (tag: string) => boolean,
): CopyRefusal | undefined {
  return copyOne(digest, true);

  function copyOne(digestOfOne: Digest, isRoot: boolean): CopyRefusal | undefined {
    const row = rowOf(source, digestOfOne);
    const manifest = source.manifests.get(digestOfOne);
    if (row === undefined || manifest === undefined) return undefined;
    const isThere = target.manifests.has(digestOfOne);
    if (isThere && !isRoot) return undefined;
    if (!isThere) {
      for (const below of [...row.children, ...row.accessories]) {
        const refused = copyOne(below, false);
        if (refused !== undefined) return refused;
      }
      for (const { digest: blob } of readManifest(manifest).blobs) {
        const bytes = source.blobs.get(blob);
        if (bytes !== undefined) target.blobs.set(blob, bytes);
      }
      target.manifests.set(digestOfOne, manifest);
    }
    for (const tag of row.tags) {
      if (target.tags.get(tag) === digestOfOne) continue;
      if (target.tags.has(tag) && isImmutable(tag)) return { kind: "immutable", tag };
      target.tags.set(tag, digestOfOne);
    }
    return undefined;
  }
}
