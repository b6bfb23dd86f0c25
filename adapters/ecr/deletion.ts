import { attempt, deletionOutcome, tagOutcome } from "../../src/distribution/attempt.ts";
import { settleAll } from "../../src/distribution/settle.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { formatReference, formatRepository } from "../../src/oci/reference.ts";
import type { Reference, Repository } from "../../src/oci/reference.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { RegistryError } from "../../src/registry/error.ts";
import type {
  CallOptions,
  DeleteOptions,
  DeletionOutcome,
  Registry,
  TagOutcome,
} from "../../src/registry/registry.ts";
import { MAX_IDS, deleteBatch, inBatches, tagsOfImages } from "./batches.ts";
import type { Settled } from "./batches.ts";
import type { CallPurpose, EcrClient } from "./client.ts";
import { REFERENCED, hidden, keptByTags, unsettled } from "./failures.ts";
import type { Names } from "./names.ts";
import type { BatchAnswer, ImageId, RepositoryInput } from "./operations.ts";

export interface DeletionParts {
  readonly client: EcrClient;
  readonly names: Names;
  /** Over `/v2/`: what readers see. */
  readonly resolve: Registry["resolve"];
}

/** Batches under way at once: more of them are throttled sooner than they are done. */
const PARALLEL_BATCHES = 3;

/** Deletion by BatchDeleteImage: a tag by its name, a manifest by its tags, by its digest only where it has none. */
export function createDeletion({
  client,
  names,
  resolve,
}: DeletionParts): Pick<Registry, "deleteTags" | "deleteManifests"> {
  return {
    async *deleteTags(repository, tags, options = {}) {
      yield* inGroups([...new Set(tags)], (batch) => deleteTagBatch(repository, batch, options));
    },

    /**
     * A child that was refused for an index that went in the same call is tried again, as long as that helps.
     */
    async *deleteManifests(repository, digests, options = {}) {
      let waiting: readonly Digest[] = [...new Set(digests)];
      while (waiting.length > 0) {
        const refused: DeletionOutcome[] = [];
        for await (const outcome of inGroups(waiting, (batch) =>
          deleteManifestBatch(repository, batch, options),
        )) {
          if (isReferenced(outcome)) refused.push(outcome);
          else yield outcome;
        }
        if (refused.length === waiting.length) return yield* refused;
        waiting = refused.map(({ digest }) => digest);
      }
    },
  };

  async function deleteTagBatch(
    repository: Repository,
    tags: readonly string[],
    options: CallOptions,
  ): Promise<readonly TagOutcome[]> {
    const whatOf = (tag: string): CallPurpose => deleting({ ...repository, tag }, options);
    const errors = await settle(repository, options, async (input, what) => {
      const ids = tags.map((imageTag) => ({ imageTag }));
      const settled = await deleteBatch(client, input, ids, { what, whatOf });
      return confirmed(settled, (tag) => ({ ...repository, tag }), options);
    });
    return tags.map((tag) => tagOutcome(tag, errors(tag)));
  }

  async function deleteManifestBatch(
    repository: Repository,
    digests: readonly Digest[],
    options: DeleteOptions,
  ): Promise<readonly DeletionOutcome[]> {
    const errors = await settle(repository, options, (input, what) =>
      options.tags === undefined
        ? deleteByDigest({ repository, input, what, options }, digests)
        : deleteByTags({ repository, input, what, options }, digests, options.tags),
    );
    return digests.map((digest) => deletionOutcome(digest, errors(digest)));
  }

  /** With whatever tags they have. */
  async function deleteByDigest(
    { repository, input, what, options }: Batch,
    digests: readonly Digest[],
  ): Promise<Settled> {
    if (digests.length === 0) return new Map();
    const ids = digests.map((imageDigest) => ({ imageDigest }));
    const whatOf = (digest: string): CallPurpose =>
      deleting({ ...repository, digest: asDigest(digests, digest) }, options);
    const settled = await deleteBatch(client, input, ids, { what, whatOf });
    return confirmed(
      settled,
      (digest) => ({ ...repository, digest: asDigest(digests, digest) }),
      options,
    );
  }

  /**
   * What the images have now is held against what the caller knows: a tag besides keeps the image with all its tags, one
   * that moved away is left where it is.
   */
  async function deleteByTags(
    batch: Batch,
    digests: readonly Digest[],
    known: ReadonlyMap<Digest, readonly string[]>,
  ): Promise<Settled> {
    const { repository, input, what, options } = batch;
    const settled = new Map<string, RegistryError | undefined>();
    const current = await tagsOfImages(client, input, digests, what);
    const ids: (ImageId & { readonly imageTag: string })[] = [];
    const untagged: Digest[] = [];
    const tagged: Digest[] = [];
    for (const digest of digests) {
      const tags = current.get(digest);
      const others = tags?.filter((tag) => known.get(digest)?.includes(tag) !== true) ?? [];
      if (tags === undefined) {
        settled.set(digest, await stillThere({ ...repository, digest }, options));
      } else if (others.length > 0) {
        const purpose = client.purpose(deleting({ ...repository, digest }, options));
        settled.set(digest, keptByTags(purpose, others));
      } else if (tags.length === 0) untagged.push(digest);
      else {
        tagged.push(digest);
        ids.push(...tags.map((imageTag) => ({ imageTag })));
      }
    }
    for (const [digest, error] of await deleteByDigest(batch, untagged)) settled.set(digest, error);

    const errors = new Map<string, RegistryError | undefined>();
    const whatOf = (tag: string): CallPurpose => deleting({ ...repository, tag }, options);
    for (const part of inBatches(ids, MAX_IDS)) {
      const answers = await deleteBatch(client, input, part, { what, whatOf });
      for (const [tag, error] of answers) errors.set(tag, isAbsence(error) ? undefined : error);
    }
    const removed: Digest[] = [];
    for (const digest of tagged) {
      const failed = current.get(digest)?.find((tag) => errors.get(tag) !== undefined);
      if (failed === undefined) removed.push(digest);
      else settled.set(digest, errors.get(failed));
    }
    for (const [digest, error] of await finish(batch, removed)) settled.set(digest, error);
    return settled;
  }

  /** An image goes with its last tag; one that is still there has a tag that came meanwhile, or none at all. */
  async function finish(batch: Batch, digests: readonly Digest[]): Promise<Settled> {
    const { repository, input, what, options } = batch;
    const settled = new Map<string, RegistryError | undefined>(
      digests.map((digest) => [digest, undefined]),
    );
    const left = await presentAmong(batch, digests);
    const tags = await tagsOfImages(client, input, left, what);
    const untagged = left.filter((digest) => tags.get(digest)?.length === 0);
    for (const digest of left) {
      const others = tags.get(digest) ?? [];
      if (others.length === 0) continue;
      const purpose = client.purpose(deleting({ ...repository, digest }, options));
      settled.set(digest, keptByTags(purpose, others));
    }
    for (const [digest, error] of await deleteByDigest(batch, untagged)) settled.set(digest, error);
    return settled;
  }

  async function presentAmong(
    { repository, input, what, options }: Batch,
    digests: readonly Digest[],
  ): Promise<readonly Digest[]> {
    if (digests.length === 0) return [];
    const answer = await getBatch(input, digests, what);
    if (answer === undefined) {
      const found = settleAll(digests, async (digest) => ({
        digest,
        isThere: (await resolve({ ...repository, digest }, options)) !== undefined,
      }));
      return (await Array.fromAsync(found)).flatMap(({ digest, isThere }) =>
        isThere ? digest : [],
      );
    }
    const absent = new Set(
      (answer.failures ?? []).flatMap(({ failureCode, imageId }) =>
        failureCode === "ImageNotFound" ? [imageId?.imageDigest] : [],
      ),
    );
    return digests.filter((digest) => !absent.has(digest));
  }

  /** `undefined` where there is no such action, or no right to it. */
  async function getBatch(
    input: RepositoryInput,
    digests: readonly Digest[],
    what: CallPurpose,
  ): Promise<BatchAnswer | undefined> {
    const imageIds = digests.map((imageDigest) => ({ imageDigest }));
    try {
      return await client.call(what, async (api, send) =>
        api.batchGetImage?.({ ...input, imageIds }, send),
      );
    } catch (error) {
      if (isRegistryError(error, "denied")) return undefined;
      throw error;
    }
  }

  /** What the API does not find is looked for where readers look. */
  async function confirmed(
    settled: Settled,
    referenceOf: (key: string) => Reference,
    options: CallOptions,
  ): Promise<Settled> {
    const looked = settleAll([...settled], async ([key, error]) => {
      if (!isAbsence(error)) return [key, error] as const;
      return [key, await stillThere(referenceOf(key), options)] as const;
    });
    return new Map(await Array.fromAsync(looked));
  }

  /** `undefined` when it is gone. */
  async function stillThere(
    reference: Reference,
    options: CallOptions,
  ): Promise<RegistryError | undefined> {
    return attempt(options, async () => {
      const found = await resolve(reference, options);
      return found === undefined ? undefined : hidden(client.purpose(deleting(reference, options)));
    });
  }

  /** Runs one batch; an error that is none of an item's is everyone's who was not settled. */
  async function settle(
    repository: Repository,
    options: CallOptions,
    run: (input: RepositoryInput, what: CallPurpose) => Promise<Settled>,
  ): Promise<(key: string) => RegistryError | undefined> {
    options.signal?.throwIfAborted();
    const what: CallPurpose = {
      verb: "delete in",
      reference: formatRepository(repository),
      signal: options.signal,
    };
    const settled = await attempt(options, async () =>
      run(await names.toApi(repository, what), what),
    );
    if (isRegistryError(settled)) return () => settled;
    return (key) => (settled.has(key) ? settled.get(key) : unsettled(client.purpose(what)));
  }
}

interface Batch {
  readonly repository: Repository;
  readonly input: RepositoryInput;
  readonly what: CallPurpose;
  readonly options: CallOptions;
}

async function* inGroups<Item, Outcome>(
  items: readonly Item[],
  settle: (batch: readonly Item[]) => Promise<readonly Outcome[]>,
): AsyncGenerator<Outcome> {
  for (const group of inBatches(inBatches(items, MAX_IDS), PARALLEL_BATCHES)) {
    for await (const outcomes of settleAll(group, settle)) yield* outcomes;
  }
}

function deleting(reference: Reference, { signal }: CallOptions): CallPurpose {
  return { verb: "delete", reference: formatReference(reference), signal };
}

function isAbsence(error: RegistryError | undefined): boolean {
  return error?.code === "not-found";
}

function isReferenced(outcome: DeletionOutcome): boolean {
  return outcome.status === "failed" && outcome.error.registryCode === REFERENCED;
}

/** The digest of this spelling; every key of a batch is one of its digests. */
function asDigest(digests: readonly Digest[], key: string): Digest {
  const digest = digests.find((one) => one === key);
  if (digest === undefined) throw new Error(`${key} is none of the batch`);
  return digest;
}
