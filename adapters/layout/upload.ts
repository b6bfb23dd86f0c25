import { rm } from "node:fs/promises";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import type { ManifestBody } from "../../src/oci/manifest.ts";
import { formatReference } from "../../src/oci/reference.ts";
import type { Reference } from "../../src/oci/reference.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import { placeBlob } from "./blobs.ts";
import { changesForPut } from "../../src/layout/changes.ts";
import { fillTemporary } from "../../src/layout/durable.ts";
import { translating } from "./errors.ts";
import type { Layout } from "./layout.ts";
import { checkReferences, parseUpload } from "../../src/layout/manifests.ts";

export interface ManifestUpload extends CallOptions {
  readonly body: Pick<ManifestBody, "mediaType" | "bytes">;
  readonly now: Date;
}

/**
 * Stores a manifest under a tag, or under its digest alone. Throws `invalid` when what it names is not there:
 * a layout never holds an image that lacks a part.
 */
export async function storeManifest(
  { store, blobs, links }: Pick<Layout, "store" | "blobs" | "links">,
  reference: Reference,
  { body: { mediaType, bytes }, now, ...options }: ManifestUpload,
): Promise<Descriptor> {
  options.signal?.throwIfAborted();
  const { digest, manifest } = parseUpload(blobs, reference, { mediaType, bytes });
  const entry = {
    mediaType,
    digest,
    size: bytes.length,
    ...("tag" in reference ? { tag: reference.tag } : {}),
  };
  const children = manifest.kind === "index" ? manifest.children.map((child) => child.digest) : [];
  const temporary = store.temporaryPath();
  await store.prepare();
  await translating(`store manifest ${formatReference(reference)}`, async () => {
    await fillTemporary(temporary, async (file) => {
      await file.writeFile(bytes);
      await file.utimes(now, now);
      await file.sync();
    });
    try {
      await store.change({ ...options, absent: "create" }, async ({ catalog, commit }) => {
        await checkReferences(blobs, reference, manifest);
        await placeBlob(store.paths, digest, temporary);
        await commit(await changesForPut(catalog, links.read, { entry, children }));
      });
    } finally {
      await rm(temporary, { force: true });
    }
  });
  return { mediaType, digest, size: bytes.length };
}
