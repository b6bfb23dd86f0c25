import { isDigest } from "../../../src/oci/digest.ts";
import { sniffMediaType } from "../../../src/oci/manifest.ts";
import { BadManifest, missingContent, readManifest } from "../check-manifest.ts";
import type { Pointers } from "../check-manifest.ts";
import { digestBy } from "../state.ts";
import type { RepositoryState, StoredManifest } from "../state.ts";
import { AwsError, invalidParameter } from "./errors.ts";
import type { Input } from "./input.ts";

/** BatchCheckLayerAvailability. Source: ECR API reference. */
export function checkLayers({ blobs }: RepositoryState, { layerDigests = [] }: Input): object {
  const layers: object[] = [];
  const failures: object[] = [];
  for (const layerDigest of layerDigests) {
    if (!isDigest(layerDigest)) {
      const failureReason = "Invalid request parameters";
      failures.push({ layerDigest, failureCode: "InvalidLayerDigest", failureReason });
      continue;
    }
    const bytes = blobs.get(layerDigest);
    layers.push({
      layerDigest,
      layerAvailability: bytes === undefined ? "UNAVAILABLE" : "AVAILABLE",
      ...(bytes === undefined ? {} : { layerSize: bytes.length }),
    });
  }
  return { layers, failures };
}

/** PutImage: stores nothing of what does not fit, and is a failure where nothing changes. Source: ECR API reference. */
export function putImage(
  repository: RepositoryState,
  input: Input,
  { name, immutableTags }: { readonly name: string; readonly immutableTags: boolean },
): object {
  const { imageManifest: text = "", imageManifestMediaType, imageTag, imageDigest } = input;
  const bytes = new TextEncoder().encode(text);
  const digest = digestBy("sha256", bytes);
  if (imageDigest !== undefined && imageDigest !== digest) {
    throw new AwsError(
      "ImageDigestDoesNotMatchException",
      `The digest of the provided manifest is ${digest}`,
    );
  }
  const mediaType = sniffMediaType(bytes, imageManifestMediaType) ?? "";
  const pointers = read({ mediaType, bytes });
  const missing = missingContent({ ...pointers, children: [] }, repository);
  if (missing.length > 0) {
    const listed = missing.map(({ detail }) => JSON.stringify(detail)).join(", ");
    const message = `Layers with digests '[${listed}]' required for pushing image into repository with name '${name}' do not exist`;
    throw new AwsError("LayersNotFoundException", message);
  }
  const absent = pointers.children.find((child) => !repository.manifests.has(child.digest));
  if (absent !== undefined) {
    const message = `Images with digests '[${absent.digest}]' required for pushing image into repository with name '${name}' do not exist`;
    throw new AwsError("ReferencedImagesNotFoundException", message);
  }
  const known = imageTag === undefined ? undefined : repository.tags.get(imageTag);
  if (repository.manifests.has(digest) && (imageTag === undefined || known === digest)) {
    const message = `Image with digest '${digest}' and tag '${imageTag ?? "null"}' already exists in the repository with name '${name}'`;
    throw new AwsError("ImageAlreadyExistsException", message);
  }
  if (known !== undefined && immutableTags) {
    const message = `The image tag '${imageTag}' already exists in the '${name}' repository and cannot be overwritten because the tag is immutable.`;
    throw new AwsError("ImageTagAlreadyExistsException", message);
  }
  repository.manifests.set(digest, { mediaType, bytes });
  if (imageTag !== undefined) repository.tags.set(imageTag, digest);
  return {
    imageId: { imageDigest: digest, ...(imageTag === undefined ? {} : { imageTag }) },
    imageManifest: text,
    imageManifestMediaType: mediaType,
  };
}

function read(manifest: StoredManifest): Pointers {
  try {
    return readManifest(manifest);
  } catch (error) {
    if (!(error instanceof BadManifest)) throw error;
    throw invalidParameter(`'imageManifest' failed to satisfy constraint: '${error.message}'`);
  }
}
