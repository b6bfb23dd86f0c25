import type { Descriptor } from "../../src/oci/descriptor.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { digestBy } from "./state.ts";
import type { RepositoryState } from "./state.ts";

/** An image, or an index, and everything it needs: what a seed puts into a registry. */
export interface SeedContent {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly blobs: readonly { readonly digest: Digest; readonly bytes: Uint8Array }[];
  /** In the order they must be stored. */
  readonly children: readonly SeedContent[];
  readonly artifactType?: string;
}

export interface ImageTraits {
  readonly labels?: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly created?: string;
  /** One layer each. Default: one layer, `layer`. */
  readonly layers?: readonly string[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  /** Media type of the config. Default: an image's. */
  readonly configType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The same traits give the same digest. */
export function imageOf(traits: ImageTraits = {}): SeedContent {
  const { labels = {}, created = "2026-01-01T00:00:00Z", layers = ["layer"] } = traits;
  const { configType = OCI_CONFIG } = traits;
  const config = encode({
    architecture: "amd64",
    os: "linux",
    created,
    config: { Labels: labels },
    rootfs: { type: "layers", diff_ids: [] },
  });
  const layerBytes = layers.map((text) => new TextEncoder().encode(text));
  const bytes = encode({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: describe(configType, config),
    layers: layerBytes.map((layer) => describe(OCI_LAYER_GZIP, layer)),
    ...pointersOf(traits),
  });
  const blobs = [config, ...layerBytes].map((blob) => ({
    digest: digestBy("sha256", blob),
    bytes: blob,
  }));
  const { artifactType } = traits;
  const typed = artifactType === undefined ? {} : { artifactType };
  return { ...hashed(OCI_MANIFEST, bytes), blobs, children: [], ...typed };
}

/** An index over `children`, one platform each. */
export function indexOf(
  children: readonly SeedContent[],
  traits: Pick<ImageTraits, "subject" | "artifactType" | "annotations"> = {},
): SeedContent {
  const bytes = encode({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: children.map((child, at) => ({
      ...describe(child.mediaType, child.bytes),
      artifactType: child.artifactType,
      platform: { os: "linux", architecture: at === 0 ? "amd64" : `arch${at}` },
    })),
    ...pointersOf(traits),
  });
  return { ...hashed(OCI_INDEX, bytes), blobs: [], children };
}

/** The descriptor that points at `content`. */
export function descriptorOf({ mediaType, digest, bytes }: SeedContent): Descriptor {
  return { mediaType, digest, size: bytes.length };
}

/** Puts content into a repository behind the registry's back, and tags on it. */
export function seedContent(
  repository: RepositoryState,
  content: SeedContent,
  tags: readonly string[] = [],
): Digest {
  for (const child of content.children) seedContent(repository, child);
  for (const { digest, bytes } of content.blobs) repository.blobs.set(digest, bytes);
  const { mediaType, bytes, digest } = content;
  repository.manifests.set(digest, { mediaType, bytes });
  for (const tag of tags) repository.tags.set(tag, digest);
  return digest;
}

export function hashed(
  mediaType: string,
  bytes: Uint8Array,
): Pick<SeedContent, "mediaType" | "digest" | "bytes"> {
  return { mediaType, bytes, digest: digestBy("sha256", bytes) };
}

function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestBy("sha256", bytes), size: bytes.length };
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** `JSON.stringify` leaves out what is undefined. */
function pointersOf({ subject, artifactType, annotations }: ImageTraits): object {
  return { subject, artifactType, annotations };
}
