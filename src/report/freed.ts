import type { Digest } from "../oci/digest.ts";
import type { ManifestContent } from "../oci/manifest-content.ts";

/** How many bytes a deletion frees, once the registry has collected its garbage. */
export interface Freed {
  /** Bytes that nothing which stays holds. What several deleted images share counts once. */
  readonly bytes: number;
  /** How many blobs and manifests that are. */
  readonly objects: number;
  /** Bytes of deleted images that stay, since something that stays holds them too. */
  readonly shared: number;
  /** Bytes of everything that stays. */
  readonly kept: number;
  /** Bytes of a manifest with all that it reaches, by its digest. Absent: it was not read. */
  readonly sizes: ReadonlyMap<Digest, number>;
  /** How many manifests that go are unknown: the sum is too small by them. */
  readonly unknownGoing: number;
  /** How many manifests that stay are unknown: the sum is too large by what they share. */
  readonly unknownKept: number;
}

export interface Sides {
  /** Manifests that go. */
  readonly going: ReadonlySet<Digest>;
  /** Manifests that stay. */
  readonly staying: ReadonlySet<Digest>;
}

/** Counts what is stored because of what goes, and for nothing else. */
export function freedBytes(
  { going, staying }: Sides,
  contents: ReadonlyMap<Digest, ManifestContent>,
): Freed {
  const kept = reach(staying, contents);
  const gone = reach(going, contents);
  let bytes = 0;
  let objects = 0;
  let shared = 0;
  for (const [digest, size] of gone.objects) {
    if (kept.objects.has(digest)) {
      shared += size;
    } else {
      bytes += size;
      objects += 1;
    }
  }
  const sizes = new Map<Digest, number>();
  for (const root of [...going, ...staying]) {
    if (!contents.has(root) || sizes.has(root)) continue;
    sizes.set(root, sum(reach([root], contents).objects));
  }
  return {
    bytes,
    objects,
    shared,
    kept: sum(kept.objects),
    sizes,
    unknownGoing: gone.unknown,
    unknownKept: kept.unknown,
  };
}

interface Reached {
  /** Bytes of every manifest and blob, by digest. */
  readonly objects: ReadonlyMap<Digest, number>;
  /** Manifests whose content nobody read. */
  readonly unknown: number;
}

function reach(roots: Iterable<Digest>, contents: ReadonlyMap<Digest, ManifestContent>): Reached {
  const objects = new Map<Digest, number>();
  const unknown = new Set<Digest>();
  const queue = [...roots];
  for (let digest = queue.pop(); digest !== undefined; digest = queue.pop()) {
    if (objects.has(digest)) continue;
    const content = contents.get(digest);
    if (content === undefined) {
      unknown.add(digest);
      continue;
    }
    objects.set(digest, content.size);
    for (const blob of content.blobs) objects.set(blob.digest, blob.size);
    queue.push(...content.children);
  }
  return { objects, unknown: unknown.size };
}

function sum(objects: ReadonlyMap<Digest, number>): number {
  return objects.values().reduce((total, size) => total + size, 0);
}
