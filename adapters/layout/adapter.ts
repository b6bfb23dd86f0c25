import { currentOwner } from "../../src/layout/owner.ts";
import { createReading, noBlob } from "../../src/layout/reading.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { disposeAll } from "../../src/registry/dispose.ts";
import type { GetBlobOptions, Registry } from "../../src/registry/registry.ts";
import { cannotCopy, cannotUndelete } from "../../src/registry/unsupported.ts";
import { isBlobThere, openBlob, placeBlob, receiveBlob } from "./blobs.ts";
import { capabilities } from "./capabilities.ts";
import { deleteManifests, deleteTags } from "./deletion.ts";
import { translating } from "./errors.ts";
import { collect } from "./garbage.ts";
import { createLayout } from "./layout.ts";
import type { Layout } from "./layout.ts";
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
    ...createReading(layoutOf, { translating }),
    listRepositories,
    async createRepository(_repository, { signal } = {}) {
      signal?.throwIfAborted(); // The first push makes it.
    },
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
    [Symbol.asyncDispose]: () => disposeAll(layouts.values().map(({ store }) => store)),
  };

  function layoutOf(repository: Repository): Layout {
    const known = layouts.get(repository.name);
    if (known !== undefined) return known;
    const layout = createLayout(repository, owner);
    layouts.set(repository.name, layout);
    return layout;
  }

  async function getBlob(
    repository: Repository,
    digest: Digest,
    options: GetBlobOptions = {},
  ): ReturnType<Registry["getBlob"]> {
    options.signal?.throwIfAborted();
    const { store, blobs } = layoutOf(repository);
    const { paths } = store;
    const stream = await translating(`read blob ${digest} of ${paths.root}`, () =>
      openBlob(paths, digest, options),
    );
    if (stream !== undefined) return stream;
    throw noBlob(blobs, repository, digest);
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
