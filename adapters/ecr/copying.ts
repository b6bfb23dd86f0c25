import { protocolError } from "../../src/distribution/error-response.ts";
import { createServerCopy } from "../../src/distribution/server-copy.ts";
import type { ServerCopyRequest } from "../../src/distribution/server-copy.ts";
import { hasDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { ManifestError, parseManifest, sniffMediaType } from "../../src/oci/manifest.ts";
import type { Manifest } from "../../src/oci/manifest.ts";
import { isForeignLayer } from "../../src/oci/media-type.ts";
import { formatReference } from "../../src/oci/reference.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { MAX_IDS, inBatches } from "./batches.ts";
import type { CallPurpose, EcrClient } from "./client.ts";
import { sentence } from "./errors.ts";
import type { Names } from "./names.ts";
import type { RepositoryInput } from "./operations.ts";

interface CopyingParts {
  readonly context: Pick<AdapterContext, "host" | "warn">;
  readonly client: EcrClient;
  readonly names: Names;
  readonly base: Pick<Registry, "resolve" | "mountBlob">;
}

/** A manifest as the API hands it out. */
interface Image {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly text: string;
  readonly manifest: Manifest;
}

/**
 * Copies between the repositories of one account and region: manifests by BatchGetImage and PutImage, blobs by mounting.
 * No bytes of a blob pass by, so it works only where the account has blob mounting enabled.
 */
export function createCopying({
  context,
  client,
  names,
  base,
}: CopyingParts): Registry["copyFrom"] {
  return createServerCopy(context, base, async (request) => {
    const what: CallPurpose = {
      verb: "copy",
      reference: formatReference(request.from),
      signal: request.signal,
    };
    const images = await readTree(request, what);
    if (images === undefined) return "left";
    const target = await names.toApi(request.target, what);
    await bringBlobs(request, blobsOf(images), { target, what });
    for (const image of images.slice(1).toReversed()) await put(image, undefined, { target, what });
    const [root] = images;
    if (root === undefined) return "left";
    for (const tag of request.tags.length === 0 ? [undefined] : request.tags) {
      await put(root, tag, { target, what });
    }
    return "proved";
  });

  /** The manifest and all below it, children after their index; `undefined`: something of it is not there. */
  async function readTree(
    { from }: ServerCopyRequest,
    what: CallPurpose,
  ): Promise<readonly Image[] | undefined> {
    const input = await names.toApi(from, what);
    const found = new Map<Digest, Image>();
    let wanted: readonly Digest[] = [from.digest];
    while (wanted.length > 0) {
      const images: Image[] = [];
      for (const digests of inBatches(wanted, MAX_IDS)) {
        const batch = await readImages(input, digests, what);
        if (batch === undefined) return undefined;
        images.push(...batch);
      }
      for (const image of images) {
        // What several indexes name has to be stored before the last of them.
        found.delete(image.digest);
        found.set(image.digest, image);
      }
      wanted = [...new Set(images.flatMap(({ manifest }) => childrenOf(manifest)))];
    }
    return [...found.values()];
  }

  async function readImages(
    input: RepositoryInput,
    digests: readonly Digest[],
    what: CallPurpose,
  ): Promise<readonly Image[] | undefined> {
    const { images = [] } = await client.call(what, (api, options) => {
      if (api.batchGetImage === undefined) throw unsupported(what, NO_ACTION);
      const imageIds = digests.map((imageDigest) => ({ imageDigest }));
      return api.batchGetImage({ ...input, imageIds }, options);
    });
    const read: Image[] = [];
    for (const digest of digests) {
      const answered = images.find(({ imageId }) => imageId?.imageDigest === digest);
      const image = imageOf(digest, answered?.imageManifest, answered?.imageManifestMediaType);
      if (image === undefined) return undefined;
      read.push(image);
    }
    return read;
  }

  /** Mounts what the target has not. Rejects with `unsupported` where a blob cannot be mounted. */
  async function bringBlobs(
    { target: repository, from, signal }: ServerCopyRequest,
    blobs: readonly Digest[],
    { target, what }: Place,
  ): Promise<void> {
    const options = signal === undefined ? {} : { signal };
    for (const digests of inBatches(blobs, MAX_IDS)) {
      const there = await availableLayers(target, digests, what);
      for (const digest of digests) {
        if (there.has(digest)) continue;
        if (await base.mountBlob(repository, digest, from, options)) continue;
        throw unsupported(what, NO_MOUNT);
      }
    }
  }

  async function availableLayers(
    target: RepositoryInput,
    layerDigests: readonly Digest[],
    what: CallPurpose,
  ): Promise<ReadonlySet<string>> {
    const { layers = [] } = await client.call(what, (api, options) => {
      if (api.batchCheckLayerAvailability === undefined) throw unsupported(what, NO_ACTION);
      return api.batchCheckLayerAvailability({ ...target, layerDigests }, options);
    });
    return new Set(
      layers.flatMap(({ layerDigest, layerAvailability }) =>
        layerDigest !== undefined && layerAvailability === "AVAILABLE" ? [layerDigest] : [],
      ),
    );
  }

  async function put(
    { digest, mediaType, text }: Image,
    tag: string | undefined,
    { target, what }: Place,
  ): Promise<void> {
    try {
      const { image } = await client.call(what, (api, options) => {
        if (api.putImage === undefined) throw unsupported(what, NO_ACTION);
        const imageTag = tag === undefined ? {} : { imageTag: tag };
        return api.putImage(
          {
            ...target,
            imageManifest: text,
            imageManifestMediaType: mediaType,
            imageDigest: digest,
            ...imageTag,
          },
          options,
        );
      });
      if (image?.imageId?.imageDigest === digest) return;
    } catch (error) {
      if (isThereAlready(error)) return;
      throw error;
    }
    throw protocolError(client.purpose(what), "the image was stored under another digest");
  }

  function unsupported(what: CallPurpose, why: string): RegistryError {
    return new RegistryError("unsupported", sentence(client.purpose(what), "unsupported", why));
  }
}

interface Place {
  readonly target: RepositoryInput;
  readonly what: CallPurpose;
}

/** `undefined` when the bytes are not those of the digest, or no manifest. */
function imageOf(
  digest: Digest,
  text: string | undefined,
  told: string | undefined,
): Image | undefined {
  if (text === undefined) return undefined;
  const bytes = new TextEncoder().encode(text);
  const mediaType = sniffMediaType(bytes, told);
  if (mediaType === undefined || !hasDigest(bytes, digest)) return undefined;
  try {
    return { digest, mediaType, text, manifest: parseManifest({ mediaType, bytes }) };
  } catch (error) {
    if (error instanceof ManifestError) return undefined;
    throw error;
  }
}

function childrenOf(manifest: Manifest): readonly Digest[] {
  return manifest.kind === "index" ? manifest.children.map(({ digest }) => digest) : [];
}

/** Configs and layers, each once; those that lie elsewhere by their nature are nobody's to copy. */
function blobsOf(images: readonly Image[]): readonly Digest[] {
  const blobs = images.flatMap(({ manifest }) =>
    manifest.kind === "image" ? [manifest.config, ...manifest.layers] : [],
  );
  return [
    ...new Set(
      blobs.flatMap(({ mediaType, digest }) => (isForeignLayer(mediaType) ? [] : [digest])),
    ),
  ];
}

/** "The specified image has already been pushed, and there were no changes to the manifest or image tag after the last push." */
function isThereAlready(error: unknown): boolean {
  return error instanceof RegistryError && error.registryCode === "ImageAlreadyExistsException";
}

const NO_ACTION = "the service has no such action";

const NO_MOUNT =
  "its blobs cannot be mounted: the account setting BLOB_MOUNTING has to be ENABLED, and both repositories encrypted alike";
