import { HOUR_MS } from "./ask.ts";
import type { Ask } from "./ask.ts";
import { nameOf } from "./model-names.ts";
import { readManifest } from "./model-reading.ts";
import type { Store } from "./model-reading.ts";

/** What is kept for its own sake by what runs, by what is about to run, and by its age. */
export interface ExtraRoots {
  readonly tags: ReadonlySet<string>;
  /** Manifests that no tag names. */
  readonly digests: ReadonlySet<string>;
  /** Those of them that are images in use: what they were built from is needed as well. */
  readonly built: ReadonlySet<string>;
  /** In use under the address of another repository: what they lead to is not asked for. */
  readonly strange: ReadonlySet<string>;
}

/**
 * @param blind Manifests without a tag that stay because something cannot be read.
 * @param stagesOf The stages that a tag stands for besides itself.
 */
export function extraRoots(
  store: Store,
  ask: Ask,
  blind: ReadonlySet<string>,
  stagesOf: (tag: string) => readonly string[],
): ExtraRoots {
  const tags = new Set<string>();
  const digests = new Set<string>(blind);
  const built = new Set<string>();
  const strange = new Set<string>();
  const { extras } = ask;
  if (extras === undefined) return { tags, digests, built, strange };
  for (const tag of [...extras.leased, ...extras.liveLeases]) tags.add(tag);
  for (const { tag, digest, config, isOurs } of extras.uses) {
    if (tag !== undefined && store.tags.has(tag)) {
      for (const one of [tag, ...stagesOf(tag)]) tags.add(one);
    }
    for (const [name, on] of store.tags) {
      const isImage = ["stage", "other"].includes(nameOf(name).is);
      const isRun = config !== undefined && readManifest(store, on)?.config === config;
      if ((isRun && isImage) || on === digest) tags.add(name);
    }
    if (digest === undefined || [...store.tags.values()].includes(digest)) continue;
    if (!isOurs) {
      strange.add(digest);
      continue;
    }
    digests.add(digest);
    built.add(digest);
    for (const name of tagsAbove(store, digest)) tags.add(name);
  }
  for (const digest of store.manifests.keys()) {
    if (staysUntagged(store, digest, ask)) digests.add(digest);
  }
  return { tags, digests, built, strange };
}

/**
 * Referrers without a tag that would go with what they are about. Where a tag resolves to nothing, it may be an index that
 * nobody can read and that names them: then they stay, and what they are about as well.
 */
export function blindlyKept(
  store: Store,
  {
    staying,
    reached,
  }: { readonly staying: ReadonlySet<string>; readonly reached: ReadonlySet<string> },
): ReadonlySet<string> {
  const tagged = new Set(store.tags.values());
  const found = new Set<string>();
  if ([...tagged].every((digest) => store.manifests.has(digest))) return found;
  const goes = (digest: string): boolean =>
    tagged.has(digest) &&
    !reached.has(digest) &&
    [...store.tags].every(([tag, on]) => on !== digest || !staying.has(tag));
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const digest of store.manifests.keys()) {
      const subject = subjectOf(store, digest);
      if (tagged.has(digest) || subject === undefined || reached.has(digest)) continue;
      if (goes(subject) || found.has(subject)) found.add(digest);
    }
  }
  return found;
}

/** Tags of the nearest indexes above a manifest that have any. */
function tagsAbove(store: Store, digest: string): string[] {
  return [...store.manifests.keys()].flatMap((index) => {
    if (readManifest(store, index)?.children.includes(digest) !== true) return [];
    const tags = [...store.tags].flatMap(([tag, on]) => (on === index ? [tag] : []));
    return tags.length === 0 ? tagsAbove(store, index) : tags;
  });
}

/** Whether a listed manifest without a tag stays for its own sake. */
function staysUntagged(store: Store, digest: string, { extras, hours, now }: Ask): boolean {
  if (extras === undefined || !extras.seen.untagged) return false;
  const { deleteUntagged, deleteOrphans, untaggedHours = hours, seen, pushed } = extras;
  if (!deleteUntagged && !deleteOrphans) return false;
  if ([...store.tags.values()].includes(digest)) return false;
  const subject = subjectOf(store, digest);
  if (subject !== undefined && store.manifests.has(subject)) return false;
  if (subject === undefined && !deleteUntagged) return true;
  if (untaggedHours <= 0) return false;
  if (seen.times) return (pushed.get(digest) ?? 0) > now - untaggedHours * HOUR_MS;
  const goesAlong = [...store.manifests.keys()].some(
    (index) => readManifest(store, index)?.children.includes(digest) === true,
  );
  return !(seen.takesChildren && subject === undefined && goesAlong);
}

/** What a manifest is about, by its own word, else by the fallback tag that names it. */
function subjectOf(store: Store, digest: string): string | undefined {
  const own = readManifest(store, digest)?.subject;
  if (own !== undefined) return own;
  for (const [tag, on] of store.tags) {
    const name = nameOf(tag);
    const isChild = readManifest(store, on)?.children.includes(digest) === true;
    if (name.is === "signature" && isChild) return name.subject;
  }
  return undefined;
}
