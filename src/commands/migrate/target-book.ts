import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { Registry, TagEntry } from "../../registry/registry.ts";
import { listTags } from "../cleanup/inventory.ts";
import type { CommandDeps } from "../deps.ts";
import { createReferrerLists } from "./referrer-lists.ts";

/** What is in a repository of the target. */
export interface TargetBook {
  readonly repository: Repository;
  /** By tag. */
  readonly listing: ReadonlyMap<string, TagEntry>;
  /** What a tag points at; `undefined`: there is no such tag, or it leads nowhere. */
  digestOf(tag: string): Promise<Digest | undefined>;
  hasManifest(digest: Digest): Promise<boolean>;
  /** Whether a referrer is there, and is found by what it is about. */
  hasReferrer(digest: Digest, subject: Digest): Promise<boolean>;
}

/** Lists a repository; one that is not there has no tags. */
export async function openTargetBook(
  registry: Registry,
  repository: Repository,
  deps: Pick<CommandDeps, "report" | "signal">,
): Promise<TargetBook> {
  const { signal } = deps;
  const { host, name } = repository;
  // A run that was killed may have left the index unwritten that tells them.
  const lists = createReferrerLists({ registry, repository }, deps);
  const entries = await listOrNothing(registry, repository, deps);
  const listing = new Map(entries.map((entry) => [entry.tag, entry]));
  const asked = new Map<string, Promise<Digest | undefined>>();
  const hasManifest = async (digest: Digest): Promise<boolean> =>
    listing.size > 0 && (await registry.resolve({ host, name, digest }, { signal })) !== undefined;
  return {
    repository,
    listing,
    async digestOf(tag) {
      const entry = listing.get(tag);
      if (entry === undefined || entry.digest !== undefined) return entry?.digest;
      const answer =
        asked.get(tag) ??
        registry.resolve({ host, name, tag }, { signal }).then((found) => found?.digest);
      asked.set(tag, answer);
      return answer;
    },
    hasManifest,
    async hasReferrer(digest, subject) {
      return (await hasManifest(digest)) && (await lists.tells(digest, subject));
    },
  };
}

async function listOrNothing(
  registry: Registry,
  repository: Repository,
  deps: Pick<CommandDeps, "report" | "signal">,
): Promise<readonly TagEntry[]> {
  try {
    return await listTags(registry, repository, deps);
  } catch (error) {
    // A directory that the first push is going to make.
    if (isRegistryError(error, "not-found")) return [];
    throw error;
  }
}
