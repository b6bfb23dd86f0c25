import { z } from "zod";

import { isDigest } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";

// The fields in use of what images are told by. Source: OCI image-spec, descriptor.md, manifest.md, image-index.md, config.md.

const digest = z.custom<Digest>((value) => typeof value === "string" && isDigest(value), {
  error: "is no sha256 or sha512 digest",
});

/** Go writes an empty list as null. */
function listOf<Item extends z.ZodType>(item: Item) {
  return z
    .array(item)
    .nullish()
    .transform((found) => found ?? []);
}

const annotations = z.record(z.string(), z.string()).nullish();

const platform = z.object({
  os: z.string(),
  architecture: z.string(),
  variant: z.string().optional(),
  "os.version": z.string().optional(),
});

export type FoundPlatform = z.infer<typeof platform>;

const descriptor = z.object({
  mediaType: z.string().min(1),
  digest,
  size: z.int().min(0),
  artifactType: z.string().optional(),
  annotations,
  platform: platform.nullish(),
});

export type FoundDescriptor = z.infer<typeof descriptor>;

export const imageManifest = z.object({
  mediaType: z.string().optional(),
  config: descriptor,
  layers: listOf(descriptor),
});

export const index = z.object({
  mediaType: z.string().optional(),
  manifests: listOf(descriptor),
  annotations,
});

/** A config, as far as it tells where an image runs and what its layers are. */
export const imageConfig = z.object({
  os: z.string().optional(),
  architecture: z.string().optional(),
  variant: z.string().optional(),
  "os.version": z.string().optional(),
  rootfs: z.object({ diff_ids: listOf(digest) }),
});

export type FoundConfig = z.infer<typeof imageConfig>;

/** `manifest.json` of `docker save`. Source: Docker image spec v1.2, "Combined Image JSON + Filesystem Changeset Format". */
export const savedImages = z.array(
  z.object({
    Config: z.string(),
    RepoTags: listOf(z.string()),
    Layers: listOf(z.string()),
  }),
);

export type SavedImage = z.infer<typeof savedImages>[number];
