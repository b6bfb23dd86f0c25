import { digestOf } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { ManifestBody } from "../../src/oci/manifest.ts";
import { OCI_MANIFEST } from "../../src/oci/media-type.ts";

/** Source: OCI image-spec 1.1, "Guidance for an Empty Descriptor". */
const EMPTY = new TextEncoder().encode("{}");
export const EMPTY_BLOB = { digest: digestOf(EMPTY), size: EMPTY.byteLength, bytes: EMPTY };

/** What nothing takes for an image: an artifact of a type of its own, without config and layers. */
export const PLACEHOLDER_TYPE = "application/vnd.tidemark.untagged.v1";

/**
 * The manifest a tag gets for the moment before it goes, so that it has a version of its own. No two are alike.
 *
 * It tells what the tag pointed at, for whoever finds it after a run that was killed.
 */
export function placeholder(tag: string, was: Digest, nonce: string): ManifestBody {
  const empty = {
    mediaType: "application/vnd.oci.empty.v1+json",
    digest: EMPTY_BLOB.digest,
    size: EMPTY_BLOB.size,
  };
  const bytes = new TextEncoder().encode(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: PLACEHOLDER_TYPE,
      config: empty,
      layers: [empty],
      annotations: {
        "tidemark.untagged.tag": tag,
        "tidemark.untagged.digest": was,
        "tidemark.untagged.nonce": nonce,
      },
    }),
  );
  return { mediaType: OCI_MANIFEST, digest: digestOf(bytes), bytes };
}
