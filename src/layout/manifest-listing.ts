import type { Digest } from "../oci/digest.ts";
import type { ManifestEntry } from "../registry/registry.ts";
import type { Catalog } from "./catalog.ts";
import { closure } from "./links.ts";
import type { LinkReader } from "./links.ts";
import { readManifest } from "./manifests.ts";
import type { StoredBlobs } from "./stored-blobs.ts";

/**
 * Every manifest that index.json names or that one of those reaches. What nothing reaches is no manifest of the layout any
 * more but garbage, which has a collection of its own.
 *
 * The time is when it was written, which was when it was pushed.
 */
export async function findManifests(
  blobs: StoredBlobs,
  catalog: Catalog,
  readLinks: LinkReader,
): Promise<readonly ManifestEntry[]> {
  const named = [...catalog.tagged(), ...catalog.untagged()];
  const mediaTypes = new Map(named.map(({ digest, mediaType }) => [digest, mediaType]));
  const found: ManifestEntry[] = [];
  for (const digest of await manifestsBelow(readLinks, mediaTypes.keys())) {
    const body = await readManifest(blobs, digest, mediaTypes.get(digest));
    if (body === undefined) continue;
    const pushedAt = await blobs.writtenAt(digest);
    found.push({
      digest,
      tags: [...catalog.tagsOf(digest)],
      mediaType: body.mediaType,
      size: body.bytes.length,
      ...(pushedAt === undefined ? {} : { pushedAt }),
    });
  }
  return found;
}

/** The roots and every manifest that they reach; configs and layers are left out. */
async function manifestsBelow(
  readLinks: LinkReader,
  roots: Iterable<Digest>,
): Promise<ReadonlySet<Digest>> {
  const direct = [...roots];
  const manifests = new Set(direct);
  const all = await closure(readLinks, direct);
  for (const digest of all) {
    for (const child of (await readLinks(digest))?.manifests ?? []) manifests.add(child);
  }
  return manifests;
}
