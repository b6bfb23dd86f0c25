import { isAbsolute } from "node:path";

import { changesForPut } from "../../src/layout/changes.ts";
import { checkReferences, parseUpload } from "../../src/layout/manifests.ts";
import { currentOwner } from "../../src/layout/owner.ts";
import { createReading, noBlob } from "../../src/layout/reading.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { ARCHIVE_HOST, formatReference, formatRepository } from "../../src/oci/reference.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { disposeAll } from "../../src/registry/dispose.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { cannotCopy, cannotUndelete } from "../../src/registry/unsupported.ts";
import { createArchive } from "./archive.ts";
import type { Archive } from "./archive.ts";
import { readBlob, receiveBlob } from "./blobs.ts";
import { capabilities } from "./capabilities.ts";
import { WHO, translating } from "./errors.ts";
import { temporaryDirectory } from "./reading.ts";
import { checkRights } from "./rights.ts";
import { cannotDelete, cannotList, cannotCollect } from "./unsupported.ts";

export { capabilities };

/**
 * Archives of image layouts: `{ host: "archive", name: "/absolute/path.tar" }`, each one repository.
 *
 * What is pushed goes into a file beside the archive. Disposing the registry puts that in the archive's place, once it has
 * a tag or a manifest more.
 */
export async function openRegistry(context: AdapterContext): Promise<Registry> {
  const owner = await currentOwner();
  const { now, env } = context;
  const archives = new Map<string, Archive>();

  return {
    host: context.host,
    capabilities,
    learn: async () => capabilities,
    ...createReading(archiveOf, { translating }),
    listRepositories: (namespace) => cannotList(namespace),
    async createRepository(_repository, { signal } = {}) {
      signal?.throwIfAborted(); // The first push makes it.
    },
    async hasBlob(repository, digest, { signal } = {}) {
      signal?.throwIfAborted();
      return (await archiveOf(repository).find(digest)) !== undefined;
    },
    async getBlob(repository, digest, options = {}) {
      options.signal?.throwIfAborted();
      const { path, blobs, find } = archiveOf(repository);
      const file = await find(digest);
      if (file === undefined) throw noBlob(blobs, repository, digest);
      return ReadableStream.from(readBlob(path, { digest, file }, options));
    },
    async putBlob(repository, blob, content, options = {}) {
      const { signal } = options;
      signal?.throwIfAborted();
      const archive = archiveOf(repository);
      const partial = await archive.openForWriting(options);
      if (partial.find(blob.digest) !== undefined) return;
      await translating(`store blob ${blob.digest} in ${formatRepository(repository)}`, () =>
        partial.add(blob, (write) =>
          receiveBlob(blob, "open" in content ? content.open(0) : content, { write, signal }),
        ),
      );
    },
    async mountBlob(_repository, _digest, _from, { signal } = {}) {
      signal?.throwIfAborted();
      return false; // A copy between archives is read and written, and its digest looked at.
    },
    async putManifest(reference, { mediaType, bytes }, options = {}) {
      options.signal?.throwIfAborted();
      const { digest, manifest } = parseUpload({ who: WHO }, reference, { mediaType, bytes });
      const descriptor = { mediaType, digest, size: bytes.length };
      const { blobs, links, openForWriting, inTurn } = archiveOf(reference);
      const { catalog, find, add } = await openForWriting(options);
      await translating(`store manifest ${formatReference(reference)}`, async () => {
        await checkReferences(blobs, reference, manifest);
        if (find(digest) === undefined) await add(descriptor, (write) => write(bytes));
        const entry = { ...descriptor, ...("tag" in reference ? { tag: reference.tag } : {}) };
        const children = manifest.kind === "index" ? manifest.children : [];
        await inTurn(async () => {
          const put = { entry, children: children.map((child) => child.digest) };
          for (const change of await changesForPut(catalog, links.read, put)) catalog.apply(change);
        });
      });
      return descriptor;
    },
    copyFrom: (target, from) => cannotCopy(target, from),
    deleteTags: (repository, _tags, options) => cannotDelete(repository, options),
    deleteManifests: (repository, _digests, options) => cannotDelete(repository, options),
    undelete: (repository) => cannotUndelete(repository),
    async checkRights(repository, { signal } = {}) {
      signal?.throwIfAborted();
      return await checkRights(archiveOf(repository).path);
    },
    collectGarbage: (repository) => cannotCollect(repository),
    [Symbol.asyncDispose]: () => disposeAll(archives.values()),
  };

  function archiveOf(repository: Repository): Archive {
    const { name: path } = repository;
    const known = archives.get(path);
    if (known !== undefined) return known;
    if (repository.host !== ARCHIVE_HOST || !isAbsolute(path)) {
      throw new RegistryError(
        "invalid",
        `archive: ${formatRepository(repository)} is not archive: and an absolute path`,
      );
    }
    const tempDir = temporaryDirectory(env);
    const { signal } = new AbortController(); // A session ends by being disposed.
    const archive = createArchive(path, { tempDir, signal, owner, now });
    archives.set(path, archive);
    return archive;
  }
}
