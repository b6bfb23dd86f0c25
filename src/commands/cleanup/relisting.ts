import { namesOf } from "../../engine/cleanup/plan.ts";
import type { CleanupPlan, Deletion } from "../../engine/cleanup/plan.ts";
import type { Capabilities } from "../../registry/capabilities.ts";
import type { CommandDeps } from "../deps.ts";

/** How long a listing is trusted before it is taken again, at the next border of two batches. Milliseconds. */
const LISTING_TRUST_MS = 60_000;

/**
 * A listing is trusted for longer while the run has sent fewer requests than this many times what it cost: where requests
 * are counted by the hour, listings would otherwise use up what the deletions need. What clusters use is never trusted for
 * longer.
 */
const LISTING_SHARE = 10;

/** However dear it was, a listing is trusted no longer than a lease lasts. Milliseconds. */
const LISTING_MOST_MS = 600_000;

/** The listing that is taken again while a plan is carried out. */
export interface Relisting {
  /** Lists again where the last listing is too old, or when something was a surprise since. */
  refresh(): Promise<void>;
  /** Lists again, whatever is known. */
  force(): Promise<void>;
  /** The next `refresh` lists. */
  doubt(): void;
  isDoubted(): boolean;
  /** Whether a plan made from the last listing lets the item go in the same way. */
  allows(item: Deletion): boolean;
}

export interface RelistingMeans {
  /** Lists and plans; answers nothing when nothing is new. */
  replan(): Promise<CleanupPlan | undefined>;
  /** Asks clusters alone, which no registry counts: whether an image is in use that was not before. */
  hasNewUses(): Promise<boolean>;
}

/**
 * @param capabilities Of the registry where the plan is carried out.
 */
export function createRelisting(
  { replan, hasNewUses }: RelistingMeans,
  { lastTagTakesManifest }: Pick<Capabilities, "lastTagTakesManifest">,
  deps: Pick<CommandDeps, "now" | "requests">,
): Relisting {
  let fresh: ((item: Deletion) => boolean) | undefined;
  let listedAt = Number.NEGATIVE_INFINITY;
  let askedAt = Number.NEGATIVE_INFINITY;
  let doubted = false;
  /** Requests sent when the last listing was there, and what it took. */
  let sentAtListing = 0;
  let listingCost = 0;

  return {
    async refresh() {
      const now = deps.now().getTime();
      const age = now - listedAt;
      const isRecent = age < LISTING_TRUST_MS;
      const isDear = sent() - sentAtListing < LISTING_SHARE * listingCost && age < LISTING_MOST_MS;
      if (doubted || !(isRecent || isDear)) await force();
      else if (now - askedAt >= LISTING_TRUST_MS) {
        askedAt = now;
        if (await hasNewUses()) await force();
      }
    },
    force,
    doubt: () => void (doubted = true),
    isDoubted: () => doubted,
    allows: (item) => fresh?.(item) ?? true,
  };

  async function force(): Promise<void> {
    listedAt = deps.now().getTime();
    askedAt = listedAt;
    const before = sent();
    const again = await replan();
    sentAtListing = sent();
    listingCost = sentAtListing - before;
    if (again !== undefined) fresh = allowedBy(again, lastTagTakesManifest);
    doubted = false;
  }

  function sent(): number {
    return Object.values(deps.requests()).reduce((sum, count) => sum + count, 0);
  }
}

/**
 * Whether a plan lets an item of an older plan go in the same way. A tag that was to go alone may also be the last one by
 * now, unless it would then take its manifest along: that is another deletion.
 */
function allowedBy(
  { deletions, kept, keptManifests }: CleanupPlan,
  lastTagTakesManifest: boolean,
): (item: Deletion) => boolean {
  const going = new Map(deletions.flatMap((item) => namesOf(item).map((name) => [name, item])));
  const staying = new Set([
    ...kept.map(({ tag }) => tag),
    ...(keptManifests ?? []).map(({ digest }) => digest),
  ]);
  // A manifest without tags that got one since then stays with it.
  const tagged = new Set(kept.flatMap(({ digest }) => (digest === undefined ? [] : [digest])));
  const isTagged = ({ digest, tags }: Deletion): boolean => tags.length === 0 && tagged.has(digest);
  return (item) =>
    namesOf(item).every((name) => {
      const now = going.get(name);
      if (now === undefined) return !staying.has(name) && !isTagged(item);
      const isSameWay = now.how === item.how || (item.how === "tag" && !lastTagTakesManifest);
      return now.digest === item.digest && isSameWay;
    });
}
