import { ManifestError, parseManifest } from "../../oci/manifest.ts";
import type { ImageManifest, ManifestBody } from "../../oci/manifest.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { Place } from "./places.ts";
import type { StoredImage } from "./published.ts";

/** A stage as it lies in a repository, and what its manifest says. */
export interface ReadStage {
  readonly stored: StoredImage;
  readonly content: ImageManifest;
}

/**
 * Reads the manifest under a stage's tag: `absent` when the tag points at nothing, `unreadable` when it is no image.
 * Rejects when the registry does not tell.
 */
export async function readStage(
  { registry, repository: { host, name } }: Pick<Place, "registry" | "repository">,
  { stageId, platform }: { readonly stageId: string; readonly platform: string },
  signal: AbortSignal,
): Promise<ReadStage | "absent" | "unreadable"> {
  try {
    const manifest = await registry.getManifest({ host, name, tag: stageId }, { signal });
    return describeStage(manifest, { stageId, platform }) ?? "unreadable";
  } catch (error) {
    if (isRegistryError(error, "not-found")) return "absent";
    throw error;
  }
}

/** What a manifest is as a stage; `undefined` when it is no image. */
export function describeStage(
  manifest: ManifestBody,
  { stageId, platform }: { readonly stageId: string; readonly platform: string },
): ReadStage | undefined {
  const content = contentOf(manifest);
  if (content === undefined) return undefined;
  const { config, layers } = content;
  const size = layers.reduce((sum, layer) => sum + layer.size, config.size);
  const { digest } = manifest;
  return {
    stored: { stageId, platform, digest, manifest, configDigest: config.digest, size },
    content,
  };
}

function contentOf(manifest: ManifestBody): ImageManifest | undefined {
  try {
    const content = parseManifest(manifest);
    return content.kind === "image" ? content : undefined;
  } catch (error) {
    if (error instanceof ManifestError) return undefined;
    throw error;
  }
}
