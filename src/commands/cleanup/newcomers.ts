import type { InventoryTag, UntaggedManifest } from "../../engine/cleanup/inventory.ts";
import { classifyTag } from "../../stages/tag.ts";
import type { HomeTags } from "./homes.ts";

/** What came to a repository since it was first listed, and what went. */
export interface Newcomers {
  /** Every tag that came or moved, and every manifest that came without one. Grows. */
  readonly names: ReadonlySet<string>;
  /** Whether a tag is the journal of somebody who began since: it needs nothing, and may be this run's own. */
  isNewJournal(tag: string): boolean;
  meetManifests(untagged: readonly UntaggedManifest[]): void;
  meetTags(found: HomeTags): void;
  /** Whether a tag of the first listing is gone, but for those in `gone`; leases come and go. */
  misses(found: HomeTags, gone: ReadonlySet<string>): boolean;
}

export function createNewcomers(
  first: HomeTags,
  untagged: readonly UntaggedManifest[] = [],
): Newcomers {
  const known = byTag(first.tags);
  const knownRecords = byTag(first.records ?? []);
  const knownDigests = new Set<string>([
    ...[...first.tags, ...first.stages].flatMap(({ digest }) => digest ?? []),
    ...untagged.map(({ digest }) => digest),
  ]);
  const names = new Set<string>();
  return {
    names,
    isNewJournal: (tag) => !known.has(tag) && classifyTag(tag).kind === "journal",
    meetManifests(manifests) {
      for (const { digest } of manifests) if (!knownDigests.has(digest)) names.add(digest);
    },
    meetTags({ tags, records = [] }) {
      for (const tag of newIn(tags, known)) names.add(tag);
      // Whatever somebody else has there may have come to the manifest of a record.
      for (const tag of newIn(records, knownRecords)) names.add(tag);
    },
    misses({ tags }, gone) {
      const listed = new Set(tags.map(({ tag }) => tag));
      return known
        .values()
        .some(({ tag, class: { kind } }) => kind !== "lease" && !listed.has(tag) && !gone.has(tag));
    },
  };
}

function byTag(tags: readonly InventoryTag[]): ReadonlyMap<string, InventoryTag> {
  return new Map(tags.map((entry) => [entry.tag, entry]));
}

/** Tags that were not there before, or were something else. */
function newIn(
  tags: readonly InventoryTag[],
  before: ReadonlyMap<string, InventoryTag>,
): readonly string[] {
  const isNew = ({ tag, digest }: InventoryTag): boolean =>
    !before.has(tag) || before.get(tag)?.digest !== digest;
  return tags.filter(isNew).map(({ tag }) => tag);
}
