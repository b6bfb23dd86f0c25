import type { CleanupPlan, Deletion, Kept } from "../../engine/cleanup/plan.ts";
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../registry/error.ts";
import type { DeletionOutcome, Registry, TagOutcome } from "../../registry/registry.ts";
import type { Present } from "./check-item.ts";
import type { Settlement } from "./settlement.ts";

/** Deletes items that were checked and written down, and settles each of them. */
export function createDeleter(
  { repository, kept }: CleanupPlan,
  registry: Registry,
  settlement: Settlement,
): (present: readonly Present[]) => Promise<void> {
  /** Whether the manifest was seen to stay when its tag went. */
  let untags = registry.capabilities.tagDeletion === "native";

  return async (present) => {
    await deleteManifests(present.filter(({ item }) => item.how === "manifest"));
    const alone = present.filter(({ item }) => item.how === "tag");
    const [first, ...others] = alone;
    if (first === undefined || untags) return deleteTags(alone);
    await deleteTags([first]);
    await proveUntagging(first);
    await deleteTags(others);
  };

  /**
   * Looks after the first tag that went alone whether its manifest stayed. Some registries take a deletion by tag for one
   * of the manifest; then what else was on it is put back, and the run ends.
   */
  async function proveUntagging({ item, body }: Present): Promise<void> {
    const { host, name } = repository;
    if (settlement.isHeld(item)) return;
    const stays = await registry.resolve({ host, name, digest: item.digest });
    if (stays !== undefined) {
      untags = true;
      return;
    }
    const lost = await goneOf(kept.filter(({ digest }) => digest === item.digest));
    for (const tag of lost) await registry.putManifest({ host, name, tag }, body);
    throw new RegistryError(
      "protocol",
      `${host} removed the manifest ${item.digest} with one of its tags; it was put back as ${lost.join(", ") || "nothing: no tag was left on it"}`,
    );
  }

  /** Tags that name nothing any more: one that somebody moved meanwhile is theirs. */
  async function goneOf(entries: readonly Kept[]): Promise<readonly string[]> {
    const { host, name } = repository;
    const gone: string[] = [];
    for (const { tag } of entries) {
      if ((await registry.resolve({ host, name, tag })) === undefined) gone.push(tag);
    }
    return gone;
  }

  async function deleteManifests(entries: readonly Present[]): Promise<void> {
    const items = new Map<Digest, Deletion>(entries.map(({ item }) => [item.digest, item]));
    if (items.size === 0) return;
    const tags = new Map(
      [...items].map(([digest, item]) => [digest, item.tags.map(({ tag }) => tag)]),
    );
    const outcomes = registry.deleteManifests(repository, [...items.keys()], { tags });
    await settleAll(outcomes, ({ digest }) => items.get(digest));
  }

  async function deleteTags(entries: readonly Present[]): Promise<void> {
    const items = new Map(entries.flatMap(({ item }) => item.tags.map(({ tag }) => [tag, item])));
    if (items.size === 0) return;
    const outcomes = registry.deleteTags(repository, [...items.keys()]);
    await settleAll(outcomes, ({ tag }) => items.get(tag));
  }

  /** Failures come last: they may end the run, and what was deleted beside them has to be told. */
  async function settleAll<Outcome extends DeletionOutcome | TagOutcome>(
    outcomes: AsyncIterable<Outcome>,
    itemOf: (outcome: Outcome) => Deletion | undefined,
  ): Promise<void> {
    const failures: { readonly item: Deletion; readonly error: RegistryError }[] = [];
    try {
      for await (const outcome of outcomes) {
        const item = itemOf(outcome);
        if (item === undefined) continue;
        if (outcome.status === "deleted") settlement.settle(item);
        else failures.push({ item, error: outcome.error });
      }
    } finally {
      for (const { item, error } of failures) settlement.fail(item, error);
    }
  }
}
