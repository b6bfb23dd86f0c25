import type { Descriptor } from "../oci/descriptor.ts";
import type { ManifestBody } from "../oci/manifest.ts";
import type { TagReference } from "../oci/reference.ts";
import { isRegistryError } from "./error.ts";
import type { CallOptions, Registry } from "./registry.ts";

/** A small image in both formats, its blobs at hand. */
export interface PutRecord {
  readonly blobs: readonly { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[];
  /** A Docker manifest. */
  readonly manifest: ManifestBody;
  /** The same blobs in an OCI manifest, for a registry that takes nothing else. */
  readonly ociManifest: ManifestBody;
}

/** Stores a record under a tag: the blobs, then the manifest in the first format that the registry takes. */
export async function putRecord(
  registry: Pick<Registry, "putBlob" | "putManifest">,
  reference: TagReference,
  record: PutRecord,
  options?: CallOptions,
): Promise<Descriptor> {
  for (const { descriptor, bytes } of record.blobs) {
    await registry.putBlob(reference, descriptor, once(bytes), options);
  }
  try {
    return await registry.putManifest(reference, record.manifest, options);
  } catch (error) {
    if (!isFormatRefused(error)) throw error;
    return await registry.putManifest(reference, record.ociManifest, options);
  }
}

/** Whether it may be the format that the registry does not take; some say so by the status alone. */
function isFormatRefused(error: unknown): boolean {
  return isRegistryError(error, "invalid") || (isRegistryError(error) && error.status === 415);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
