import { gzipSync } from "node:zlib";

import type { Descriptor } from "../oci/descriptor.ts";
import { digestOf } from "../oci/digest.ts";
import type { ManifestBody } from "../oci/manifest.ts";
import { DOCKER_CONFIG, DOCKER_LAYER_GZIP, DOCKER_MANIFEST } from "../oci/media-type.ts";
import { LABEL } from "./labels.ts";

/** A record: an image without content, whose labels are the data. */
export interface RecordImage {
  readonly blobs: readonly { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[];
  readonly manifest: ManifestBody;
}

/** A tar without entries: two zero blocks. Some registries refuse an image without a layer. */
const EMPTY_TAR = new Uint8Array(1024);

/**
 * Makes a record image. `createdAt` makes its manifest unique, so that no two records ever share a digest.
 *
 * @param createdAt RFC 3339 with as fine a fraction as the caller has.
 */
export function recordImage(
  project: string,
  labels: Readonly<Record<string, string>>,
  createdAt: string,
): RecordImage {
  const layer = gzipSync(EMPTY_TAR);
  const config = encode({
    architecture: "amd64",
    os: "linux",
    created: createdAt,
    config: { Labels: { ...labels, [LABEL.project]: project } },
    rootfs: { type: "layers", diff_ids: [digestOf(EMPTY_TAR)] },
    history: [{ created: createdAt }],
  });
  const layerBlob = { descriptor: describe(DOCKER_LAYER_GZIP, layer), bytes: layer };
  const configBlob = { descriptor: describe(DOCKER_CONFIG, config), bytes: config };
  const manifest = encode({
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config: configBlob.descriptor,
    layers: [layerBlob.descriptor],
  });
  return {
    blobs: [layerBlob, configBlob],
    manifest: { mediaType: DOCKER_MANIFEST, digest: digestOf(manifest), bytes: manifest },
  };
}

/** Labels of the `cleanup` record: when the run ended, in milliseconds, as werf reads it. */
export function lastCleanupLabels(endedAt: number): Record<string, string> {
  return { [LABEL.lastCleanup]: String(endedAt) };
}

function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
