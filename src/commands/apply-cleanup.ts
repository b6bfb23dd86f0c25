import { namesOf } from "../engine/cleanup/plan.ts";
import type { CleanupPlan, Deletion } from "../engine/cleanup/plan.ts";
import type { Digest } from "../oci/digest.ts";
import type { ManifestBody } from "../oci/manifest.ts";
import { journalEntryOf } from "../journal/entry.ts";
import type { EntrySource } from "../journal/entry.ts";
import type { Journal } from "../journal/journal.ts";
import { RegistryError, isRegistryError } from "../registry/error.ts";
import type { Registry } from "../registry/registry.ts";
import type { CommandDeps } from "./deps.ts";
import type { Gathered } from "./gather-cleanup.ts";
import { mapParallel } from "./parallel.ts";
import { nameOf, settledOf } from "./result.ts";
import type { Deleted, Failed, Skipped } from "./result.ts";

/** How long a listing is trusted before it is taken again, at the next border of two batches. Milliseconds. */
const LISTING_TRUST_MS = 60_000;

/**
 * A listing is trusted for longer while the run has sent fewer requests than this many times what it cost: where requests
 * are counted by the hour, listings would otherwise use up what the deletions need.
 */
const LISTING_SHARE = 10;

export interface Applied {
  readonly deleted: readonly Deleted[];
  readonly failed: readonly Failed[];
  readonly skipped: readonly Skipped[];
  /** Why it ended before its end. */
  readonly brokeOff?: Error;
}

/**
 * Carries out a plan, level by level: whatever reaches an item goes before it.
 *
 * Takes the listing again before the first deletion, between batches as time goes by, and whenever something was found
 * changed or could not be removed; what a fresh plan keeps then stays. Each manifest is read by its tag just before it
 * goes: that is the precondition and the journal entry in one. The very first deletion goes alone, so that a missing
 * right ends the run before anything was changed; that error is thrown, every later one is listed.
 *
 * An interruption ends it between two batches: deletions that were begun are waited for, so that the result says what
 * became of them.
 */
export async function applyCleanup(
  plan: CleanupPlan,
  gathered: Gathered,
  registry: Registry,
  journal: Journal,
  deps: CommandDeps,
): Promise<Applied> {
  const deleted: Deleted[] = [];
  const failed: Failed[] = [];
  const skipped: Skipped[] = [];
  /** Tags that stay though they were planned. */
  const held = new Set<string>();
  let fresh: FreshPlan | undefined;
  let listedAt = Number.NEGATIVE_INFINITY;
  let changes = false;
  /** Requests sent when the last listing was there, and what it took. */
  let sentAtListing = 0;
  let listingCost = 0;
  /** Whether the manifest was seen to stay when its tag went. */
  let untags = registry.capabilities.tagDeletion === "native";
  const tagged = taggedDigests(plan);
  const entrySource: EntrySource = {
    registry,
    repository: plan.repository,
    isTagged: (digest) => tagged.has(digest),
    signal: deps.signal,
  };
  const total = plan.deletions.length;
  let done = 0;

  deps.report({ type: "phase.started", phase: "deleting", total });
  try {
    for (const batch of batchesOf(plan.deletions, registry, deps.parallel)) {
      deps.signal.throwIfAborted();
      await listAgain();
      const open = takeOut(batch);
      const checked = await mapParallel(open, deps.parallel, check);
      if (changes) await listAgain();
      const ready = checked.filter(({ item }) => takeOut([item]).length > 0);
      await carryOut(ready);
      done += batch.length;
      deps.report({ type: "phase.advanced", phase: "deleting", done });
    }
  } catch (error) {
    const isUntouched = deleted.length === 0 && failed.length === 0;
    if (isUntouched || !(error instanceof Error)) throw error;
    return { deleted, failed, skipped, brokeOff: error };
  }
  return { deleted, failed, skipped };

  function sent(): number {
    return Object.values(deps.requests()).reduce((sum, count) => sum + count, 0);
  }

  async function listAgain(): Promise<void> {
    const isRecent = deps.now().getTime() - listedAt < LISTING_TRUST_MS;
    const isDear = sent() - sentAtListing < LISTING_SHARE * listingCost;
    if ((isRecent || isDear) && !changes) return;
    listedAt = deps.now().getTime();
    const before = sent();
    const again = await gathered.replan(held, new Set(deleted.map(nameOf)));
    sentAtListing = sent();
    listingCost = sentAtListing - before;
    if (again !== undefined) fresh = freshPlan(again);
    changes = false;
  }

  /** Leaves out, for good, what the fresh plan keeps and what something that stays has to go before. */
  function takeOut(items: readonly Deletion[]): Deletion[] {
    return items.filter((item) => {
      if (namesOf(item).some((name) => held.has(name))) return false;
      if (item.after.some((name) => held.has(name))) return hold(item, "still-needed");
      if (fresh !== undefined && !fresh.allows(item)) return hold(item, "changed");
      return true;
    });
  }

  function hold(item: Deletion, why: Skipped["why"]): false {
    for (const entry of settledOf(item)) {
      if (held.has(nameOf(entry))) continue;
      held.add(nameOf(entry));
      skipped.push({ ...entry, why });
    }
    return false;
  }

  /** Reads the manifest by its tags, in turn while they are gone; by its digest where it has none. */
  async function check(item: Deletion): Promise<Checked> {
    if (item.tags.length === 0) {
      const body = await readManifest({ digest: item.digest });
      return body === undefined ? { item, state: "absent" } : { item, state: "present", body };
    }
    for (const { tag } of item.tags) {
      const body = await readManifest({ tag });
      if (body === undefined) continue;
      if (body.digest === item.digest && !(await hasMovedTag(item, tag))) {
        return { item, state: "present", body };
      }
      changes = true;
      hold(item, "changed");
      return { item, state: "changed" };
    }
    return { item, state: "absent" };
  }

  /** Whether any further tag of the item points elsewhere by now. */
  async function hasMovedTag({ digest, tags }: Deletion, read: string): Promise<boolean> {
    const { host, name } = plan.repository;
    for (const { tag } of tags) {
      if (tag === read) continue;
      const found = await registry.resolve({ host, name, tag }, { signal: deps.signal });
      if (found !== undefined && found.digest !== digest) return true;
    }
    return false;
  }

  async function readManifest(
    key: { readonly tag: string } | { readonly digest: Digest },
  ): Promise<ManifestBody | undefined> {
    const { host, name } = plan.repository;
    try {
      return await registry.getManifest({ host, name, ...key }, { signal: deps.signal });
    } catch (error) {
      if (isRegistryError(error, "not-found")) return undefined;
      throw error;
    }
  }

  async function carryOut(ready: readonly Checked[]): Promise<void> {
    for (const { item, state } of ready) if (state === "absent") settle(item);
    const present = ready.flatMap((entry) => (entry.state === "present" ? [entry] : []));
    if (present.length === 0) return;
    await journal.append(
      await mapParallel(present, deps.parallel, ({ item, body }) =>
        journalEntryOf(item, body, entrySource),
      ),
    );
    await deleteManifests(present.filter(({ item }) => item.how === "manifest"));
    const alone = present.filter(({ item }) => item.how === "tag");
    const [first, ...others] = alone;
    if (first === undefined || untags) return deleteTags(alone);
    await deleteTags([first]);
    await proveUntagging(first);
    await deleteTags(others);
  }

  /**
   * Looks after the first tag that went alone whether its manifest stayed. Some registries take a deletion by tag for one
   * of the manifest; then what else was on it is put back, and the run ends.
   */
  async function proveUntagging({ item, body }: Present): Promise<void> {
    const { host, name } = plan.repository;
    if (namesOf(item).some((name) => held.has(name))) return;
    const stays = await registry.resolve({ host, name, digest: item.digest });
    if (stays !== undefined) {
      untags = true;
      return;
    }
    const lost = plan.kept.filter(({ digest }) => digest === item.digest).map(({ tag }) => tag);
    for (const tag of lost) await registry.putManifest({ host, name, tag }, body);
    throw new RegistryError(
      "protocol",
      `${host} removed the manifest ${item.digest} with one of its tags; it was put back as ${lost.join(", ") || "nothing: no tag was left on it"}`,
    );
  }

  async function deleteManifests(entries: readonly { readonly item: Deletion }[]): Promise<void> {
    const items = new Map<Digest, Deletion>(entries.map(({ item }) => [item.digest, item]));
    if (items.size === 0) return;
    const tags = new Map(
      [...items].map(([digest, item]) => [digest, item.tags.map(({ tag }) => tag)]),
    );
    const outcomes = registry.deleteManifests(plan.repository, [...items.keys()], { tags });
    for await (const outcome of outcomes) {
      const item = items.get(outcome.digest);
      if (item === undefined) continue;
      if (outcome.status === "deleted") settle(item);
      else fail(item, outcome.error);
    }
  }

  async function deleteTags(entries: readonly { readonly item: Deletion }[]): Promise<void> {
    const items = new Map(entries.flatMap(({ item }) => item.tags.map(({ tag }) => [tag, item])));
    if (items.size === 0) return;
    const outcomes = registry.deleteTags(plan.repository, [...items.keys()]);
    for await (const outcome of outcomes) {
      const item = items.get(outcome.tag);
      if (item === undefined) continue;
      if (outcome.status === "deleted") settle(item);
      else fail(item, outcome.error);
    }
  }

  function settle(item: Deletion): void {
    for (const entry of settledOf(item)) deleted.push({ ...entry, how: item.how });
  }

  function fail(item: Deletion, error: RegistryError): void {
    const isFirst = deleted.length === 0 && failed.length === 0;
    if (isFirst && lacksRight(error)) throw error;
    const { code, message } = error;
    for (const entry of settledOf(item)) {
      held.add(nameOf(entry));
      // The registry's own rule keeps it: nothing failed, and nothing will go better next time.
      if (code === "conflict") skipped.push({ ...entry, why: "refused", message });
      else failed.push({ ...entry, code, message });
    }
    changes = true;
  }
}

/** Every digest that a tag named when the plan was made. */
function taggedDigests({ deletions, kept }: CleanupPlan): ReadonlySet<Digest> {
  const staying = kept.flatMap(({ digest }) => (digest === undefined ? [] : [digest]));
  const going = deletions.flatMap(({ digest, tags }) => (tags.length === 0 ? [] : [digest]));
  return new Set([...staying, ...going]);
}

interface Present {
  readonly item: Deletion;
  readonly state: "present";
  readonly body: ManifestBody;
}

type Checked = Present | { readonly item: Deletion; readonly state: "absent" | "changed" };

/** Whether the registry refuses deletions as such, not this one: a 405 `DENIED` is about a manifest that is in use. */
function lacksRight(error: RegistryError): boolean {
  const { code, status } = error;
  return code === "unauthorized" || code === "unsupported" || (code === "denied" && status !== 405);
}

interface FreshPlan {
  /** Whether a plan made from what is there now lets the item go in the same way. */
  allows(item: Deletion): boolean;
}

function freshPlan({ deletions, kept, keptManifests }: CleanupPlan): FreshPlan {
  const going = new Map(deletions.flatMap((item) => namesOf(item).map((name) => [name, item])));
  const staying = new Set([
    ...kept.map(({ tag }) => tag),
    ...(keptManifests ?? []).map(({ digest }) => digest),
  ]);
  // A manifest without tags that got one since then stays with it.
  const tagged = new Set(kept.flatMap(({ digest }) => (digest === undefined ? [] : [digest])));
  return {
    allows: (item) =>
      namesOf(item).every((name) => {
        const now = going.get(name);
        if (now === undefined) return !staying.has(name) && !isTagged(item);
        return now.digest === item.digest && (item.how === "tag" || now.how === "manifest");
      }),
  };

  function isTagged({ digest, tags }: Deletion): boolean {
    return tags.length === 0 && tagged.has(digest);
  }
}

/**
 * Batches of one level each, the first of a single item.
 *
 * A batch is what runs in parallel, or what one request of the registry's own can carry.
 */
function* batchesOf(
  deletions: readonly Deletion[],
  { capabilities: { deletionBatchSize, tagBatchSize } }: Registry,
  parallel: number,
): Generator<readonly Deletion[]> {
  const size = Math.max(parallel, deletionBatchSize, tagBatchSize);
  let at = 0;
  while (at < deletions.length) {
    const level = deletions[at]?.level;
    const most = at === 0 ? 1 : size;
    let stop = at + 1;
    while (stop < at + most && deletions[stop]?.level === level) stop += 1;
    yield deletions.slice(at, stop);
    at = stop;
  }
}
