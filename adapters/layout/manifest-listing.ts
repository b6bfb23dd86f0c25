import { stat } from "node:fs/promises";
import type { Digest } from "../../src/oci/digest.ts";
import type { ManifestEntry } from "../../src/registry/registry.ts";
import type { Catalog } from "./catalog.ts";
import { blobPath } from "./directory.ts";
import type { Paths } from "./directory.ts";
import { systemCode } from "./errors.ts";
import { closure } from "./links.ts";
import type { LinkReader } from "./links.ts";
import { readManifest } from "./manifests.ts";

/**
 * Every manifest that index.json names or that one of those reaches. What nothing reaches is no manifest of the layout any
 * more but garbage, which has a collection of its own.
 *
 * The time is that of the file: it was written when the manifest was pushed.
 */
export async function findManifests(
  paths: Paths,
  catalog: Catalog,
  readLinks: LinkReader,
): Promise<readonly ManifestEntry[]> {
  const named = [...catalog.tagged(), ...catalog.untagged()];
  const mediaTypes = new Map(named.map(({ digest, mediaType }) => [digest, mediaType]));
  const found: ManifestEntry[] = [];
  for (const digest of await manifestsBelow(readLinks, mediaTypes.keys())) {
    const body = await readManifest(paths, digest, mediaTypes.get(digest));
    if (body === undefined) continue;
    const pushedAt = await modifiedAt(blobPath(paths, digest));
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

/** Milliseconds since the epoch; `undefined` when the file is gone by now. */
async function modifiedAt(path: string): Promise<number | undefined> {
  try {
    return Math.floor((await stat(path)).mtimeMs);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
