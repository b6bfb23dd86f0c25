import type { ManifestBody } from "../oci/manifest.ts";
import { formatReference, formatRepository } from "../oci/reference.ts";
import type { Reference, Repository } from "../oci/reference.ts";
import { RegistryError } from "../registry/error.ts";
import type { Registry } from "../registry/registry.ts";
import type { Catalog } from "./catalog.ts";
import type { FileErrors } from "./errors.ts";
import type { LinkCache } from "./links.ts";
import { findManifests } from "./manifest-listing.ts";
import { readManifest } from "./manifests.ts";
import type { ReferrerFinder } from "./referrers.ts";
import type { StoredBlobs } from "./stored-blobs.ts";

/** One layout, as its readers see it. */
export interface ReadableLayout {
  readonly blobs: StoredBlobs;
  readonly links: LinkCache;
  readonly findReferrers: ReferrerFinder;
  /** What is so now, or `undefined` when there is no layout. Not to be kept over an `await` of anything else. */
  read(): Promise<Catalog | undefined>;
  /** As `read`; throws `not-found` when there is no layout. */
  readExisting(): Promise<Catalog>;
  /** The error for a manifest that is named and not there. */
  missing(digest: ManifestBody["digest"]): RegistryError;
}

type Reading = Pick<
  Registry,
  "listTags" | "listManifests" | "resolve" | "getManifest" | "listReferrers"
>;

/** What a registry of layouts tells of them, whatever they lie in. */
export function createReading(
  layoutOf: (repository: Repository) => ReadableLayout,
  { translating }: Pick<FileErrors, "translating">,
): Reading {
  return {
    async *listTags(repository, { signal } = {}) {
      signal?.throwIfAborted();
      const catalog = await layoutOf(repository).readExisting();
      // A copy: the catalog changes while the caller works on what it was given.
      const entries = [...catalog.tagged()];
      for (const { tag, digest, mediaType, size } of entries) {
        signal?.throwIfAborted();
        yield { tag, digest, mediaType, size };
      }
    },

    async *listManifests(repository, { signal } = {}) {
      signal?.throwIfAborted();
      const { blobs, links, readExisting } = layoutOf(repository);
      const catalog = await readExisting();
      const entries = await translating(`list manifests of ${repository.name}`, () =>
        findManifests(blobs, catalog, links.read),
      );
      for (const entry of entries) {
        signal?.throwIfAborted();
        yield entry;
      }
    },

    async resolve(reference, { signal } = {}) {
      signal?.throwIfAborted();
      const catalog = await layoutOf(reference).read();
      if (catalog === undefined) return undefined;
      if ("tag" in reference) {
        const entry = catalog.tag(reference.tag);
        if (entry === undefined) return undefined;
        return { mediaType: entry.mediaType, digest: entry.digest, size: entry.size };
      }
      const body = await findManifest(reference);
      if (body === undefined) return undefined;
      return { mediaType: body.mediaType, digest: body.digest, size: body.bytes.length };
    },

    async getManifest(reference, { signal } = {}) {
      signal?.throwIfAborted();
      const body = await findManifest(reference);
      if (body !== undefined) return body;
      const { who } = layoutOf(reference).blobs;
      throw new RegistryError(
        "not-found",
        `${who}: there is no manifest ${formatReference(reference)}`,
        { registryCode: "MANIFEST_UNKNOWN" },
      );
    },

    async *listReferrers(subject, { signal } = {}) {
      signal?.throwIfAborted();
      const { readExisting, findReferrers } = layoutOf(subject);
      const catalog = await readExisting();
      yield* await translating(`read referrers of ${formatReference(subject)}`, () =>
        findReferrers(catalog, subject.digest),
      );
    },
  };

  /** A manifest that index.json names and that is not there is damage, not absence. */
  async function findManifest(reference: Reference): Promise<ManifestBody | undefined> {
    const { blobs, read, missing } = layoutOf(reference);
    const catalog = await read();
    if (catalog === undefined) return undefined;
    const entry =
      "tag" in reference ? catalog.tag(reference.tag) : catalog.entryOf(reference.digest);
    const digest = "digest" in reference ? reference.digest : entry?.digest;
    if (digest === undefined) return undefined;
    return await translating(`read manifest ${formatReference(reference)}`, async () => {
      const body = await readManifest(blobs, digest, entry?.mediaType);
      if (body === undefined && entry !== undefined) throw missing(digest);
      return body;
    });
  }
}

/** The error for a blob that is not there. */
export function noBlob(
  { who }: Pick<StoredBlobs, "who">,
  repository: Repository,
  digest: string,
): RegistryError {
  return new RegistryError(
    "not-found",
    `${who}: there is no blob ${digest} in ${formatRepository(repository)}`,
    { registryCode: "BLOB_UNKNOWN" },
  );
}
