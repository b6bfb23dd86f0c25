import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { deletionOutcome, tagOutcome } from "../../src/distribution/attempt.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { RegistryError, isRegistryError } from "../../src/registry/error.ts";
import type {
  CallOptions,
  DeleteOptions,
  DeletionOutcome,
  TagOutcome,
} from "../../src/registry/registry.ts";
import { capabilities } from "./capabilities.ts";
import type { Change } from "../../src/layout/catalog.ts";
import { changesForUntag } from "../../src/layout/changes.ts";
import { blobPath } from "./directory.ts";
import { syncDirectory } from "../../src/layout/durable.ts";
import { toRegistryError } from "./errors.ts";
import type { Layout } from "./layout.ts";
import { isManifestThere } from "../../src/layout/manifests.ts";

type Deletable = Pick<Layout, "store" | "blobs" | "links">;

/** Removes tags, each batch at once: all of a batch or none is gone. */
export async function* deleteTags(
  { store, links }: Deletable,
  tags: readonly string[],
  options: CallOptions,
): AsyncIterable<TagOutcome> {
  for (const batch of inBatches(tags, capabilities.tagBatchSize)) {
    const error = await settle(options, () =>
      store.change({ ...options, absent: "refuse" }, async ({ catalog, commit }) =>
        commit(await changesForUntag(catalog, links.read, batch)),
      ),
    );
    for (const tag of batch) {
      yield tagOutcome(tag, error);
    }
  }
}

/**
 * Removes manifests and every tag on them. The tags go first and durably; a manifest's file follows at once,
 * so that it is gone by digest too, while what it named stays until garbage is collected.
 */
export async function* deleteManifests(
  layout: Deletable,
  digests: readonly Digest[],
  options: DeleteOptions,
): AsyncIterable<DeletionOutcome> {
  for (const batch of inBatches(digests, capabilities.deletionBatchSize)) {
    const failures = new Map<Digest, RegistryError>();
    const error = await settle(options, () => deleteBatch(layout, { batch, failures, options }));
    for (const digest of batch) {
      const failure = error ?? failures.get(digest);
      yield deletionOutcome(digest, failure);
    }
  }
}

async function deleteBatch(
  { store, blobs, links }: Deletable,
  {
    batch,
    failures,
    options,
  }: {
    readonly batch: readonly Digest[];
    readonly failures: Map<Digest, RegistryError>;
    readonly options: DeleteOptions;
  },
): Promise<void> {
  const { paths } = store;
  const { tags: known, ...callOptions } = options;
  await store.change({ ...callOptions, absent: "refuse" }, async ({ catalog, commit }) => {
    const open = batch.filter((digest) => {
      const expected = known?.get(digest);
      const stranger = [...catalog.tagsOf(digest)].find((tag) => expected?.includes(tag) === false);
      if (stranger !== undefined) failures.set(digest, taggedMeanwhile(digest, stranger));
      return stranger === undefined;
    });
    const listed = new Set(open.filter((digest) => catalog.entryOf(digest) !== undefined));
    await commit([...listed].map((digest): Change => ({ op: "drop", digest })));
    const directories = new Set<string>();
    for (const digest of open) {
      const path = blobPath(paths, digest);
      const failure = await settle({}, async () => {
        // A digest nobody listed may be a config's or a layer's, which is no manifest to delete.
        if (!listed.has(digest) && !(await isManifestThere(blobs, digest))) return;
        await rm(path, { force: true });
        links.forget(digest);
        directories.add(dirname(path));
      });
      if (failure !== undefined) failures.set(digest, failure);
    }
    for (const directory of directories) await syncDirectory(directory);
  });
}

function taggedMeanwhile(digest: Digest, tag: string): RegistryError {
  return new RegistryError(
    "conflict",
    `layout: cannot delete ${digest}: conflict (tag ${tag} came onto it meanwhile)`,
  );
}

/** The failure of `action` as a value. An abort, and what is no registry's failure, is thrown. */
async function settle(
  { signal }: CallOptions,
  action: () => Promise<void>,
): Promise<RegistryError | undefined> {
  try {
    signal?.throwIfAborted();
    await action();
    return undefined;
  } catch (error) {
    const translated = toRegistryError(error, "delete");
    if (isRegistryError(translated)) return translated;
    throw translated;
  }
}

function* inBatches<T>(items: readonly T[], size: number): Iterable<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
