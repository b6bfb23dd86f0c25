import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { ManifestError, parseManifest } from "./manifest.ts";
import type { ManifestBody } from "./manifest.ts";

/** What is stored because of a manifest: its own bytes, its blobs, and what it leads to. */
export interface ManifestContent {
  /** Bytes of the manifest itself. */
  readonly size: number;
  /** Config and layers; none for an index. */
  readonly blobs: readonly Pick<Descriptor, "digest" | "size">[];
  /** Manifests that an index names. */
  readonly children: readonly Digest[];
}

/** What a manifest stores; only its own bytes for what nobody can read. */
export function contentOf(body: Pick<ManifestBody, "mediaType" | "bytes">): ManifestContent {
  const size = body.bytes.length;
  try {
    const manifest = parseManifest(body);
    if (manifest.kind === "index") {
      return { size, blobs: [], children: manifest.children.map(({ digest }) => digest) };
    }
    const blobs = [manifest.config, ...manifest.layers];
    return {
      size,
      blobs: blobs.map((blob) => ({ digest: blob.digest, size: blob.size })),
      children: [],
    };
  } catch (error) {
    if (error instanceof ManifestError) return { size, blobs: [], children: [] };
    throw error;
  }
}
