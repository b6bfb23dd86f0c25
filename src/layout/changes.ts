import type { Digest } from "../oci/digest.ts";
import { isIndexType } from "../oci/media-type.ts";
import type { Catalog, Change } from "./catalog.ts";
import { heldEntry, isHeld } from "./entry.ts";
import type { Entry } from "./entry.ts";
import { closure } from "./links.ts";
import type { LinkReader } from "./links.ts";

/** The changes that store a manifest's entry, by tag or by digest. */
export async function changesForPut(
  catalog: Catalog,
  readLinks: LinkReader,
  { entry, children }: { readonly entry: Entry; readonly children: readonly Digest[] },
): Promise<readonly Change[]> {
  const { tag, digest } = entry;
  const reached = tag === undefined ? children : [digest, ...children];
  const released = reached
    .filter((one) => catalog.untaggedOf(one).some(isHeld))
    .map((one): Change => ({ op: "release", digest: one }));
  if (tag === undefined) {
    const isKnown = catalog.entryOf(digest) !== undefined;
    return isKnown ? released : [{ op: "hold", entry: heldEntry(entry) }, ...released];
  }
  const before = catalog.tag(tag);
  if (before?.digest === digest && before.mediaType === entry.mediaType) return released;
  const left = before === undefined ? [] : await holds(catalog, readLinks, [tag], entry);
  return [{ op: "set", entry: { ...entry, tag } }, ...left, ...released];
}

/** The changes that remove tags while their manifests stay. */
export async function changesForUntag(
  catalog: Catalog,
  readLinks: LinkReader,
  tags: readonly string[],
): Promise<readonly Change[]> {
  const present = [...new Set(tags)].filter((tag) => catalog.tag(tag) !== undefined);
  const left = await holds(catalog, readLinks, present);
  return [...present.map((tag): Change => ({ op: "unset", tag })), ...left];
}

/**
 * Entries for the manifests that lose their last tag and that no index reaches either: without one, nothing
 * would tell a manifest that merely has no name from one that was deleted.
 */
async function holds(
  catalog: Catalog,
  readLinks: LinkReader,
  goingTags: readonly string[],
  added?: Entry,
): Promise<readonly Change[]> {
  const going = new Set(goingTags);
  const losing = new Map<Digest, Entry>();
  for (const tag of going) {
    const entry = catalog.tag(tag);
    if (entry === undefined || entry.digest === added?.digest) continue;
    const others = [...catalog.tagsOf(entry.digest)].some((name) => !going.has(name));
    if (!others && catalog.untaggedOf(entry.digest).length === 0) losing.set(entry.digest, entry);
  }
  if (losing.size === 0) return [];
  const staying = [...catalog.tagged()].filter(({ tag }) => !going.has(tag));
  const entries = [...staying, ...catalog.untagged(), ...losing.values()];
  const indexes = (added === undefined ? entries : [...entries, added]).filter(({ mediaType }) =>
    isIndexType(mediaType),
  );
  const children = new Set<Digest>();
  for (const { digest } of indexes) {
    for (const child of (await readLinks(digest))?.manifests ?? []) children.add(child);
  }
  const reached = await closure(readLinks, children);
  return [...losing.values()]
    .filter(({ digest }) => !reached.has(digest))
    .map((entry): Change => ({ op: "hold", entry: heldEntry(entry) }));
}
