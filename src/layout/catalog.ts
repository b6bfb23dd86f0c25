import type { Digest } from "../oci/digest.ts";
import { isHeld, withoutTag } from "./entry.ts";
import type { Entry } from "./entry.ts";

/**
 * A change of the catalog.
 *
 * Every change says what is so afterwards, not what is different, so a sequence carried out twice ends where
 * it ended the first time.
 *
 * - `set`: the entry's tag points at the entry
 * - `unset`: the tag points at nothing
 * - `hold`: an entry for the digest alone exists
 * - `release`: the held entry of the digest is gone
 * - `drop`: every entry of the digest is gone
 */
export type Change =
  | { readonly op: "set"; readonly entry: Entry & { readonly tag: string } }
  | { readonly op: "unset"; readonly tag: string }
  | { readonly op: "hold"; readonly entry: Entry }
  | { readonly op: "release"; readonly digest: Digest }
  | { readonly op: "drop"; readonly digest: Digest };

/** What index.json says together with the log: every tag and every manifest that has none. */
export interface Catalog {
  /** Grows with every change. */
  readonly version: number;
  tag(name: string): Entry | undefined;
  /** Entries with a tag, in the order of their first appearance. */
  tagged(): Iterable<Entry & { readonly tag: string }>;
  untagged(): Iterable<Entry>;
  /** Tags that point at the digest. */
  tagsOf(digest: Digest): ReadonlySet<string>;
  /** An entry of the digest, tagged or not. */
  entryOf(digest: Digest): Entry | undefined;
  /** Entries without a tag for the digest. */
  untaggedOf(digest: Digest): readonly Entry[];
  apply(change: Change): void;
}

const NO_TAGS: ReadonlySet<string> = new Set();

/**
 * Of several entries with one tag the first counts, as for every reader of layouts; the others stay, by
 * their digest.
 */
export function createCatalog(entries: Iterable<Entry>): Catalog {
  const byTag = new Map<string, Entry & { readonly tag: string }>();
  const byDigest = new Map<Digest, Set<string>>();
  const untagged = new Map<Digest, readonly Entry[]>();
  let version = 0;
  for (const entry of entries) {
    if (hasTag(entry) && !byTag.has(entry.tag)) set(entry);
    else addUntagged(withoutTag(entry));
  }

  return {
    get version() {
      return version;
    },
    tag: (name) => byTag.get(name),
    tagged: () => byTag.values(),
    untagged: () => [...untagged.values()].flat(),
    tagsOf: (digest) => byDigest.get(digest) ?? NO_TAGS,
    entryOf,
    untaggedOf: (digest) => untagged.get(digest) ?? [],
    apply,
  };

  function apply(change: Change): void {
    version += 1;
    switch (change.op) {
      case "set":
        return set(change.entry);
      case "unset":
        return unset(change.tag);
      case "hold":
        return untagged.has(change.entry.digest) ? undefined : addUntagged(change.entry);
      case "release":
        return release(change.digest);
      case "drop":
        return drop(change.digest);
    }
  }

  function entryOf(digest: Digest): Entry | undefined {
    for (const tag of byDigest.get(digest) ?? []) return byTag.get(tag);
    return untagged.get(digest)?.[0];
  }

  function set(entry: Entry & { readonly tag: string }): void {
    unlink(entry.tag);
    byTag.set(entry.tag, entry);
    const tags = byDigest.get(entry.digest);
    if (tags === undefined) byDigest.set(entry.digest, new Set([entry.tag]));
    else tags.add(entry.tag);
  }

  function unset(tag: string): void {
    unlink(tag);
    byTag.delete(tag);
  }

  function unlink(tag: string): void {
    const digest = byTag.get(tag)?.digest;
    if (digest === undefined) return;
    const tags = byDigest.get(digest);
    tags?.delete(tag);
    if (tags?.size === 0) byDigest.delete(digest);
  }

  function addUntagged(entry: Entry): void {
    untagged.set(entry.digest, [...(untagged.get(entry.digest) ?? []), entry]);
  }

  function release(digest: Digest): void {
    const left = (untagged.get(digest) ?? []).filter((entry) => !isHeld(entry));
    if (left.length === 0) untagged.delete(digest);
    else untagged.set(digest, left);
  }

  function drop(digest: Digest): void {
    for (const tag of byDigest.get(digest) ?? []) byTag.delete(tag);
    byDigest.delete(digest);
    untagged.delete(digest);
  }
}

function hasTag(entry: Entry): entry is Entry & { readonly tag: string } {
  return entry.tag !== undefined;
}
