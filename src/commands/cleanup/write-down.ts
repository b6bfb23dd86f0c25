import { namesOf } from "../../engine/cleanup/plan.ts";
import type { CleanupPlan, Deletion } from "../../engine/cleanup/plan.ts";
import { journalEntryOf } from "../../journal/entry.ts";
import type { EntrySource, JournalEntry } from "../../journal/entry.ts";
import type { Journal } from "../../journal/journal.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Registry } from "../../registry/registry.ts";
import { checkItem, isPresent } from "./check-item.ts";
import type { Present } from "./check-item.ts";
import { mapParallel } from "../parallel.ts";

/** What items are written down with. */
export interface WriteContext {
  readonly plan: CleanupPlan;
  readonly registry: Registry;
  readonly journal: Journal;
  readonly parallel: number;
  readonly signal: AbortSignal;
}

/**
 * Writes items into the journal before they go, each manifest once.
 *
 * Where the registry deletes with a manifest what is about it, items of the plan that go along are written down with it:
 * afterwards nobody can read them any more.
 */
export function createWriter({
  plan,
  registry,
  journal,
  parallel,
  signal,
}: WriteContext): (present: readonly Present[]) => Promise<void> {
  const place = { registry, repository: plan.repository, signal };
  const tagged = taggedDigests(plan);
  const isTagged = (digest: Digest): boolean => tagged.has(digest);
  const takesReferrers = registry.capabilities.deletionCascade.includes("referrers");
  const going = takesReferrers ? plan.deletions.filter(({ how }) => how === "manifest") : [];
  const byDigest = new Map(going.map((item) => [item.digest, item]));
  const about = referrersByName(going);
  const written = new Set<Digest>();

  return async (present) => {
    const entries: JournalEntry[] = [];
    for (let wave = present.filter(isOpen); wave.length > 0;) {
      const along = new Set(wave.flatMap(({ item }) => namesOf(item).flatMap(referrersOf)));
      const source: EntrySource = {
        ...place,
        isTagged,
        sawReferrer: (digest) => {
          const item = byDigest.get(digest);
          if (item !== undefined) along.add(item);
        },
      };
      for (const { item } of wave) if (item.how === "manifest") written.add(item.digest);
      const read = await mapParallel(wave, parallel, ({ item, body }) =>
        journalEntryOf(item, body, source),
      );
      entries.push(...read);
      const next = [...along].filter(({ digest }) => !written.has(digest));
      const checked = await mapParallel(next, parallel, (item) => checkItem(item, place));
      wave = checked.filter(isPresent);
    }
    if (entries.length > 0) await journal.append(entries);
  };

  function isOpen({ item: { how, digest } }: Present): boolean {
    return how === "tag" || !written.has(digest);
  }

  function referrersOf(name: string): readonly Deletion[] {
    return about.get(name) ?? [];
  }
}

/** Items that go because of what they are about, by the names of that. */
function referrersByName(items: readonly Deletion[]): ReadonlyMap<string, readonly Deletion[]> {
  const about = new Map<string, Deletion[]>();
  for (const item of items) {
    const { because, tags, after } = item;
    const follows =
      because === "subject-gone" || tags.some((tag) => tag.because === "subject-gone");
    for (const name of follows ? after : []) {
      const known = about.get(name);
      if (known === undefined) about.set(name, [item]);
      else known.push(item);
    }
  }
  return about;
}

/** Every digest that a tag named when the plan was made. */
function taggedDigests({ deletions, kept }: CleanupPlan): ReadonlySet<Digest> {
  const staying = kept.flatMap(({ digest }) => (digest === undefined ? [] : [digest]));
  const going = deletions.flatMap(({ digest, tags }) => (tags.length === 0 ? [] : [digest]));
  return new Set([...staying, ...going]);
}
