import { isRegistryError } from "../../src/registry/error.ts";
import type { RegistryError } from "../../src/registry/error.ts";
import { protocolError } from "../../src/distribution/error-response.ts";
import type { CallPurpose, EcrClient } from "./client.ts";
import { failureError, unsettled } from "./failures.ts";
import type { ImageId, RepositoryInput } from "./operations.ts";

/** The most ids of one call. Source: ECR API reference, BatchDeleteImage, BatchGetImage, DescribeImages. */
export const MAX_IDS = 100;

/** Parts of at most `size` items, in order. */
export function inBatches<Item>(
  items: readonly Item[],
  size: number,
): readonly (readonly Item[])[] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, at) => items.slice(at * size, (at + 1) * size));
}

/** What became of an id: `undefined` when the answer says that it is gone. */
export type Settled = ReadonlyMap<string, RegistryError | undefined>;

/** A tag, or a digest: neither can be mistaken for the other. */
export function keyOf(id: ImageId): string {
  return id.imageTag ?? id.imageDigest ?? "";
}

/**
 * One BatchDeleteImage of at most `MAX_IDS` ids; each is settled, when the call itself fails too. Rejects only with the
 * reason of an aborted signal.
 *
 * @param whatOf The purpose of one item, for its error.
 */
export async function deleteBatch(
  client: EcrClient,
  input: RepositoryInput,
  ids: readonly ImageId[],
  { what, whatOf }: { readonly what: CallPurpose; readonly whatOf: (key: string) => CallPurpose },
): Promise<Settled> {
  const settled = new Map<string, RegistryError | undefined>();
  try {
    const answer = await client.call(what, (api, options) =>
      api.batchDeleteImage({ ...input, imageIds: ids }, options),
    );
    const gone = new Set(
      (answer.imageIds ?? []).flatMap(({ imageTag, imageDigest }) => [imageTag, imageDigest]),
    );
    for (const id of ids) {
      const key = keyOf(id);
      const purpose = client.purpose(whatOf(key));
      const failure = answer.failures?.find(
        ({ imageId }) =>
          (id.imageTag === undefined ? imageId?.imageDigest : imageId?.imageTag) === key,
      );
      if (failure !== undefined) settled.set(key, failureError(purpose, failure));
      else settled.set(key, gone.has(key) ? undefined : unsettled(purpose));
    }
  } catch (error) {
    what.signal?.throwIfAborted();
    if (!isRegistryError(error)) throw error;
    for (const id of ids) settled.set(keyOf(id), error);
  }
  return settled;
}

/** Tags by digest of those images that are there; of at most `MAX_IDS` digests. */
export async function tagsOfImages(
  client: EcrClient,
  input: RepositoryInput,
  digests: readonly string[],
  what: CallPurpose,
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (digests.length === 0) return new Map();
  try {
    const imageIds = digests.map((imageDigest) => ({ imageDigest }));
    const { imageDetails } = await client.call(what, (api, options) =>
      api.describeImages({ ...input, imageIds }, options),
    );
    const found = (imageDetails ?? []).map(
      ({ imageDigest = "", imageTags = [] }) => [imageDigest, imageTags] as const,
    );
    const tags = new Map(found);
    const isWhole = digests.every((digest) => tags.has(digest));
    if (!isWhole) throw protocolError(client.purpose(what), "the answer leaves images out");
    return tags;
  } catch (error) {
    // One that is missing makes the whole call fail, and nothing but the message says which.
    if (!isRegistryError(error, "not-found")) throw error;
    if (digests.length === 1 || error.registryCode === "RepositoryNotFoundException")
      return new Map();
    const half = Math.ceil(digests.length / 2);
    const first = await tagsOfImages(client, input, digests.slice(0, half), what);
    const second = await tagsOfImages(client, input, digests.slice(half), what);
    return new Map([...first, ...second]);
  }
}
