import type { Digest } from "../../src/oci/digest.ts";
import { formatReference } from "../../src/oci/reference.ts";
import type { DigestReference, Repository } from "../../src/oci/reference.ts";
import { attempt, deletionOutcome } from "../../src/distribution/attempt.ts";
import { settleAll } from "../../src/distribution/settle.ts";
import { RegistryError, isRegistryError } from "../../src/registry/error.ts";
import type { CallOptions, DeleteOptions, Registry } from "../../src/registry/registry.ts";
import { asRule } from "./errors.ts";
import type { Listing } from "./tag-listing.ts";

/** How long a listing may be used to find tags that nobody told; what it finds is looked for again in a fresh one. */
const TRUST_MS = 60_000;

export interface DeletionTools {
  readonly base: Registry;
  readonly read: (repository: Repository, options: CallOptions) => Promise<Listing>;
  readonly now: () => Date;
}

/**
 * Removes manifests that have tags: first the tags, each when it still points here, then the digest.
 *
 * A tag that nobody told is looked for before the first one goes. Where the digest is refused in the end, the tags that went
 * are put back.
 */
export function createManifestDeletion({
  base,
  read,
  now,
}: DeletionTools): Registry["deleteManifests"] {
  const listings = new Map<string, { readonly listing: Listing; readonly at: number }>();

  return async function* deleteManifests(repository, digests, options = {}) {
    options.signal?.throwIfAborted();
    let reading: Promise<Listing> | undefined;
    const fresh = (): Promise<Listing> => (reading ??= readNow(repository, options));
    yield* settleAll(digests, async (digest) => {
      const error = await attempt(options, async () => {
        const tags = await tagsToRemove(repository, digest, { told: options.tags, fresh });
        await remove(repository, digest, tags, signalOf(options));
      });
      return deletionOutcome(digest, error);
    });
  };

  /** The tags that were told, when there are no others; without any told, those that are there. */
  async function tagsToRemove(
    repository: Repository,
    digest: Digest,
    {
      told,
      fresh,
    }: { readonly told: DeleteOptions["tags"]; readonly fresh: () => Promise<Listing> },
  ): Promise<readonly string[]> {
    if (told === undefined) return tagsAt(await fresh(), digest);
    const tags = told.get(digest) ?? [];
    const isUntold = (tag: string): boolean => !tags.includes(tag);
    const known = listings.get(repository.name);
    const isTrusted = known !== undefined && now().getTime() - known.at < TRUST_MS;
    if (isTrusted && !tagsAt(known.listing, digest).some(isUntold)) return tags;
    const others = tagsAt(await fresh(), digest).filter(isUntold);
    if (others.length > 0) throw conflict(repository, digest, others);
    return tags;
  }

  async function readNow(repository: Repository, options: CallOptions): Promise<Listing> {
    const at = now().getTime();
    const listing = await read(repository, signalOf(options));
    listings.set(repository.name, { listing, at });
    return listing;
  }

  async function remove(
    repository: Repository,
    digest: Digest,
    tags: readonly string[],
    options: CallOptions,
  ): Promise<void> {
    const gone: string[] = [];
    try {
      for (const tag of tags) {
        if (await removeTag(repository, digest, tag, options)) gone.push(tag);
      }
      for await (const outcome of base.deleteManifests(repository, [digest], options)) {
        if (outcome.status === "failed") throw asRule(outcome.error);
      }
    } catch (error) {
      if (gone.length === 0 || !isRegistryError(error)) throw error;
      const isStillThere = await putBack({ ...repository, digest }, gone, error);
      if (!isStillThere) return;
      throw error;
    }
  }

  /** Whether it was there. A tag that points elsewhere by now is nobody's to remove. */
  async function removeTag(
    { host, name }: Repository,
    digest: Digest,
    tag: string,
    options: CallOptions,
  ): Promise<boolean> {
    const found = await base.resolve({ host, name, tag }, options);
    if (found?.digest !== digest) return false;
    for await (const outcome of base.deleteTags({ host, name }, [tag], options)) {
      if (outcome.status === "failed") throw asRule(outcome.error);
    }
    return true;
  }

  /**
   * Gives a manifest that stays its tags back; one that somebody else pushed meanwhile stays theirs. Answers whether the
   * manifest is there at all: an answer that was lost may have been a deletion.
   */
  async function putBack(
    reference: DigestReference,
    tags: readonly string[],
    cause: RegistryError,
  ): Promise<boolean> {
    const { host, name } = reference;
    try {
      if ((await base.resolve(reference)) === undefined) return false;
      const body = await base.getManifest(reference);
      for (const tag of tags) {
        if ((await base.resolve({ host, name, tag })) !== undefined) continue;
        await base.putManifest({ host, name, tag }, body);
      }
      return true;
    } catch (error) {
      if (!isRegistryError(error)) throw error;
      const lost = `its tags ${tags.join(", ")} are gone and could not be put back: ${error.message}`;
      throw new RegistryError("unavailable", `${cause.message}; ${lost}`, { cause });
    }
  }
}

function signalOf({ signal }: CallOptions): CallOptions {
  return signal === undefined ? {} : { signal };
}

/** None where the listing has names only: the registry itself then refuses what has a tag. */
function tagsAt({ manifests }: Listing, digest: Digest): readonly string[] {
  return manifests?.get(digest)?.tags ?? [];
}

function conflict(
  { host, name }: Repository,
  digest: Digest,
  tags: readonly string[],
): RegistryError {
  const reference = formatReference({ host, name, digest });
  const shown = tags.slice(0, 3).join(", ");
  return new RegistryError(
    "conflict",
    `${host}: cannot delete ${reference}: conflict (it has a tag that was not there before: ${shown})`,
    { hint: "A tag came to it since; what has a tag is not removed." },
  );
}
