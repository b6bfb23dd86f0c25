import type { Digest } from "../../src/oci/digest.ts";
import { formatReference } from "../../src/oci/reference.ts";
import type { Reference, Repository } from "../../src/oci/reference.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { CallOptions, GetBlobOptions, Registry } from "../../src/registry/registry.ts";
import { cannotCopy, cannotUndelete } from "../../src/registry/unsupported.ts";
import { isBlobThere, openBlob, placeBlob, receiveBlob } from "./blobs.ts";
import { capabilities } from "./capabilities.ts";
import { deleteManifests, deleteTags } from "./deletion.ts";
import { blobPath } from "./directory.ts";
import { damaged, translating } from "./errors.ts";
import { collect } from "./garbage.ts";
import { createLayout } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { findManifests } from "./manifest-listing.ts";
import { readManifest } from "./manifests.ts";
import { currentOwner } from "./owner.ts";
import { checkRights, listRepositories } from "./repositories.ts";
import { storeManifest } from "./upload.ts";

export { capabilities };

/**
 * Directories in OCI image layout: `{ host: "oci", name: "/absolute/path" }`, each one repository.
 *
 * Reading a directory that is no layout rejects with `not-found`, the first push makes one. Changes go to a
 * log first; disposing the registry leaves all of them in index.json.
 */
export async function openRegistry(context: AdapterContext): Promise<Registry> {
  const owner = await currentOwner();
  const layouts = new Map<string, Layout>();

  return {
    host: context.host,
    capabilities,
    learn: async () => capabilities,
    listTags,
    listManifests,
    listRepositories,
    async createRepository(_repository, { signal } = {}) {
      signal?.throwIfAborted(); // The first push makes it.
    },
    resolve,
    getManifest,
    async putManifest(reference, body, options = {}) {
      return await storeManifest(layoutOf(reference), reference, {
        body,
        now: context.now(),
        ...options,
      });
    },
    async hasBlob(repository, digest, { signal } = {}) {
      signal?.throwIfAborted();
      const { paths } = layoutOf(repository).store;
      return await translating(`read blob ${digest}`, () => isBlobThere(paths, digest));
    },
    getBlob,
    putBlob,
    async mountBlob(_repository, _digest, _from, { signal } = {}) {
      signal?.throwIfAborted();
      return false; // A copy between directories is read and written, and its digest looked at.
    },
    copyFrom: (target, from) => cannotCopy(target, from),
    async *listReferrers(subject, { signal } = {}) {
      signal?.throwIfAborted();
      const { store, findReferrers } = layoutOf(subject);
      const catalog = await store.readExisting();
      yield* await translating(`read referrers of ${formatReference(subject)}`, () =>
        findReferrers(catalog, subject.digest),
      );
    },
    deleteTags: (repository, tags, options = {}) => deleteTags(layoutOf(repository), tags, options),
    deleteManifests: (repository, digests, options = {}) =>
      deleteManifests(layoutOf(repository), digests, options),
    undelete: (repository) => cannotUndelete(repository),
    async checkRights(repository, { signal } = {}) {
      signal?.throwIfAborted();
      return await translating(`look at ${repository.name}`, () => checkRights(repository));
    },
    async collectGarbage(repository, { graceMs, ...options }) {
      const { store, links } = layoutOf(repository);
      const { paths } = store;
      return await store.change({ ...options, absent: "refuse", fold: true }, (change) =>
        collect({
          ...options,
          paths,
          change,
          readLinks: links.read,
          owner,
          now: context.now(),
          graceMs,
        }),
      );
    },
    async [Symbol.asyncDispose]() {
      for (const { store } of layouts.values()) await store[Symbol.asyncDispose]();
    },
  };

  function layoutOf(repository: Repository): Layout {
    const known = layouts.get(repository.name);
    if (known !== undefined) return known;
    const layout = createLayout(repository, owner);
    layouts.set(repository.name, layout);
    return layout;
  }

  async function* listTags(
    repository: Repository,
    { signal }: CallOptions = {},
  ): ReturnType<Registry["listTags"]> {
    signal?.throwIfAborted();
    const catalog = await layoutOf(repository).store.readExisting();
    // A copy: the catalog changes while the caller works on what it was given.
    const entries = [...catalog.tagged()];
    for (const { tag, digest, mediaType, size } of entries) {
      signal?.throwIfAborted();
      yield { tag, digest, mediaType, size };
    }
  }

  async function* listManifests(
    repository: Repository,
    { signal }: CallOptions = {},
  ): ReturnType<Registry["listManifests"]> {
    signal?.throwIfAborted();
    const { store, links } = layoutOf(repository);
    const catalog = await store.readExisting();
    const entries = await translating(`list manifests of ${repository.name}`, () =>
      findManifests(store.paths, catalog, links.read),
    );
    for (const entry of entries) {
      signal?.throwIfAborted();
      yield entry;
    }
  }

  async function resolve(
    reference: Reference,
    { signal }: CallOptions = {},
  ): ReturnType<Registry["resolve"]> {
    signal?.throwIfAborted();
    const { store } = layoutOf(reference);
    const catalog = await store.read();
    if (catalog === undefined) return undefined;
    if ("tag" in reference) {
      const entry = catalog.tag(reference.tag);
      if (entry === undefined) return undefined;
      return { mediaType: entry.mediaType, digest: entry.digest, size: entry.size };
    }
    const body = await findManifest(reference);
    if (body === undefined) return undefined;
    return { mediaType: body.mediaType, digest: body.digest, size: body.bytes.length };
  }

  async function getManifest(
    reference: Reference,
    { signal }: CallOptions = {},
  ): ReturnType<Registry["getManifest"]> {
    signal?.throwIfAborted();
    const body = await findManifest(reference);
    if (body !== undefined) return body;
    throw new RegistryError(
      "not-found",
      `layout: there is no manifest ${formatReference(reference)}`,
      {
        registryCode: "MANIFEST_UNKNOWN",
      },
    );
  }

  /** A manifest that index.json names and that is not there is damage, not absence. */
  async function findManifest(
    reference: Reference,
  ): Promise<Awaited<ReturnType<typeof readManifest>>> {
    const { paths, read } = layoutOf(reference).store;
    const catalog = await read();
    if (catalog === undefined) return undefined;
    const entry =
      "tag" in reference ? catalog.tag(reference.tag) : catalog.entryOf(reference.digest);
    const digest: Digest | undefined = "digest" in reference ? reference.digest : entry?.digest;
    if (digest === undefined) return undefined;
    return await translating(`read manifest ${formatReference(reference)}`, async () => {
      const body = await readManifest(paths, digest, entry?.mediaType);
      if (body !== undefined || entry === undefined) return body;
      throw damaged(
        blobPath(paths, digest),
        "it is missing, but index.json names it",
        "restore the file from a backup, or delete the image and push it again",
      );
    });
  }

  async function getBlob(
    repository: Repository,
    digest: Digest,
    options: GetBlobOptions = {},
  ): ReturnType<Registry["getBlob"]> {
    options.signal?.throwIfAborted();
    const { paths } = layoutOf(repository).store;
    const stream = await translating(`read blob ${digest} of ${paths.root}`, () =>
      openBlob(paths, digest, options),
    );
    if (stream !== undefined) return stream;
    throw new RegistryError("not-found", `layout: there is no blob ${digest} in ${paths.root}`, {
      registryCode: "BLOB_UNKNOWN",
    });
  }

  async function putBlob(
    ...[repository, blob, content, options = {}]: Parameters<Registry["putBlob"]>
  ): Promise<void> {
    options.signal?.throwIfAborted();
    const { store } = layoutOf(repository);
    const temporary = store.temporaryPath();
    await store.prepare();
    await translating(`store blob ${blob.digest} in ${store.paths.root}`, async () => {
      const bytes = "open" in content ? content.open(0) : content;
      await receiveBlob({ ...options, blob, content: bytes, temporary, now: context.now() });
      await store.change({ ...options, absent: "create" }, () =>
        placeBlob(store.paths, blob.digest, temporary),
      );
    });
  }
}
