import { createRepository, digestBy } from "../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../contract-tests/fakes/state.ts";
import type { Digest } from "../../src/oci/digest.ts";

export type { RepositoryState } from "../../contract-tests/fakes/state.ts";

export type Media = "docker" | "oci";

/** What a manifest says about another. */
export interface Pointer {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

export interface ImageTraits {
  readonly media: Media;
  /** RFC 3339. */
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Tells its layer from others. */
  readonly layer: string;
  readonly subject?: Pointer | undefined;
}

const TYPES = {
  docker: {
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    index: "application/vnd.docker.distribution.manifest.list.v2+json",
    config: "application/vnd.docker.container.image.v1+json",
    layer: "application/vnd.docker.image.rootfs.diff.tar",
  },
  oci: {
    manifest: "application/vnd.oci.image.manifest.v1+json",
    index: "application/vnd.oci.image.index.v1+json",
    config: "application/vnd.oci.image.config.v1+json",
    layer: "application/vnd.oci.image.layer.v1.tar",
  },
} as const;

/** An image with the digest of its config. */
export interface Image extends Pointer {
  readonly config: Digest;
}

/** Stores an image and its blobs. */
export function addImage(state: RepositoryState, traits: ImageTraits): Image {
  const types = TYPES[traits.media];
  const layer = addBlob(state, types.layer, Buffer.from(traits.layer));
  const config = addBlob(
    state,
    types.config,
    encode({
      architecture: "amd64",
      os: "linux",
      created: traits.created,
      config: { Labels: traits.labels },
      rootfs: { type: "layers", diff_ids: [layer.digest] },
    }),
  );
  const manifest = addManifest(state, types.manifest, {
    schemaVersion: 2,
    mediaType: types.manifest,
    config,
    layers: [layer],
    ...(traits.subject === undefined ? {} : { subject: traits.subject }),
  });
  return { ...manifest, config: config.digest };
}

/** Stores an index. Its children need not be there. */
export function addIndex(
  state: RepositoryState,
  media: Media,
  children: readonly Pointer[],
): Pointer {
  const mediaType = TYPES[media].index;
  const manifests = children.map(({ mediaType, digest, size }, at) => ({
    mediaType,
    digest,
    size,
    platform: { os: "linux", architecture: `arch${at}` },
  }));
  return addManifest(state, mediaType, { schemaVersion: 2, mediaType, manifests });
}

/** A pointer to an image that nobody stored. */
export function absentImage(media: Media, name: string): Pointer {
  const bytes = Buffer.from(`absent ${name}`);
  return {
    mediaType: TYPES[media].manifest,
    digest: digestBy("sha256", bytes),
    size: bytes.length,
  };
}

/** A copy that changes apart from the original; the bytes are shared. */
export function copyOf({ tags, manifests, blobs }: RepositoryState): RepositoryState {
  return {
    tags: new Map(tags),
    manifests: new Map(manifests),
    blobs: new Map(blobs),
    uploads: createRepository().uploads,
  };
}

function addManifest(state: RepositoryState, mediaType: string, value: object): Pointer {
  const bytes = encode(value);
  const digest = digestBy("sha256", bytes);
  state.manifests.set(digest, { mediaType, bytes });
  return { mediaType, digest, size: bytes.length };
}

function addBlob(state: RepositoryState, mediaType: string, bytes: Uint8Array): Pointer {
  const digest = digestBy("sha256", bytes);
  state.blobs.set(digest, bytes);
  return { mediaType, digest, size: bytes.length };
}

function encode(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
