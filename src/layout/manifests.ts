import { digestOf, hasDigest } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";
import { ManifestError, parseManifest, sniffMediaType } from "../oci/manifest.ts";
import type { Manifest, ManifestBody } from "../oci/manifest.ts";
import { isForeignLayer } from "../oci/media-type.ts";
import { formatReference, isTag } from "../oci/reference.ts";
import type { Reference } from "../oci/reference.ts";
import { RegistryError } from "../registry/error.ts";
import type { StoredBlobs } from "./stored-blobs.ts";

/** No manifest is larger; a file that is must be a layer. Registries ask for 4 MiB. */
const MAX_MANIFEST_BYTES = 32 * 1024 * 1024;

/**
 * The manifest stored under a digest; `undefined` when nothing is, or a config or a layer.
 *
 * @param mediaType What index.json says of it; absent for a manifest that only an index or nobody names.
 */
export async function readManifest(
  blobs: StoredBlobs,
  digest: Digest,
  mediaType?: string,
): Promise<ManifestBody | undefined> {
  const bytes = await blobs.readSmall(digest, MAX_MANIFEST_BYTES);
  if (bytes === undefined) return undefined;
  if (!hasDigest(bytes, digest)) throw blobs.wrongBytes(digest);
  const type = mediaType ?? typeOf(bytes);
  return type === undefined ? undefined : { mediaType: type, digest, bytes };
}

/** Whether the file under a digest is a manifest, be it damaged or not. */
export async function isManifestThere(blobs: StoredBlobs, digest: Digest): Promise<boolean> {
  const bytes = await blobs.readSmall(digest, MAX_MANIFEST_BYTES);
  return bytes !== undefined && typeOf(bytes) !== undefined;
}

/** The manifest to be stored under `reference`. Throws `invalid`, as a strict registry refuses it. */
export function parseUpload(
  { who }: Pick<StoredBlobs, "who">,
  reference: Reference,
  { mediaType, bytes }: Pick<ManifestBody, "mediaType" | "bytes">,
): { readonly digest: Digest; readonly manifest: Manifest } {
  if ("tag" in reference && !isTag(reference.tag)) {
    throw refused(who, reference, `"${reference.tag}" is not a tag`, "NAME_INVALID");
  }
  if ("digest" in reference && !hasDigest(bytes, reference.digest)) {
    throw refused(who, reference, "its bytes do not hash to the digest", "DIGEST_INVALID");
  }
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw refused(who, reference, `it has more than ${MAX_MANIFEST_BYTES} bytes`, "SIZE_INVALID");
  }
  try {
    const manifest = parseManifest({ mediaType, bytes });
    const own = sniffMediaType(bytes, undefined);
    if (own !== undefined && own !== mediaType && hasMediaType(bytes)) {
      throw refused(who, reference, `it says ${own}, not ${mediaType}`, "MANIFEST_INVALID");
    }
    const digest = "digest" in reference ? reference.digest : digestOf(bytes);
    return { digest, manifest };
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    throw refused(who, reference, error.message, "MANIFEST_INVALID", error);
  }
}

/** Throws `invalid` when a config, a layer or a child is not there. A subject may be. */
export async function checkReferences(
  blobs: StoredBlobs,
  reference: Reference,
  manifest: Manifest,
): Promise<void> {
  const needed =
    manifest.kind === "index"
      ? manifest.children
      : [manifest.config, ...manifest.layers.filter(({ mediaType }) => !isForeignLayer(mediaType))];
  for (const { digest } of needed) {
    if (await blobs.has(digest)) continue;
    const what = manifest.kind === "index" ? "child" : "blob";
    throw refused(
      blobs.who,
      reference,
      `its ${what} ${digest} is not there`,
      "MANIFEST_BLOB_UNKNOWN",
    );
  }
}

/** `undefined` when the bytes are no manifest; an image config has a field `config` too. */
function typeOf(bytes: Uint8Array): string | undefined {
  const mediaType = sniffMediaType(bytes, undefined);
  if (mediaType === undefined) return undefined;
  try {
    parseManifest({ mediaType, bytes });
    return mediaType;
  } catch (error) {
    if (error instanceof ManifestError) return undefined;
    throw error;
  }
}

function hasMediaType(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes).includes('"mediaType"');
}

function refused(
  who: string,
  reference: Reference,
  why: string,
  ...[registryCode, cause]: [registryCode: string, cause?: unknown]
): RegistryError {
  return new RegistryError(
    "invalid",
    `${who}: cannot store manifest ${formatReference(reference)}: ${why}`,
    { registryCode, ...(cause === undefined ? {} : { cause }) },
  );
}
