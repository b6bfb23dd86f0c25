import { gzipSync } from "node:zlib";

import type { Descriptor } from "../oci/descriptor.ts";
import { digestOf } from "../oci/digest.ts";
import type { ManifestBody } from "../oci/manifest.ts";
import {
  DOCKER_CONFIG,
  DOCKER_LAYER_GZIP,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from "../oci/media-type.ts";
import { LABEL } from "./labels.ts";

/** A record: an image whose labels are the data. It has no content, but for a journal. */
export interface RecordImage {
  readonly blobs: readonly { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[];
  /** A Docker manifest, as werf writes. */
  readonly manifest: ManifestBody;
  /** The same blobs in an OCI manifest, for a registry that takes nothing else. */
  readonly ociManifest: ManifestBody;
}

interface MediaTypes {
  readonly manifest: string;
  readonly config: string;
  readonly layer: string;
}

const DOCKER: MediaTypes = {
  manifest: DOCKER_MANIFEST,
  config: DOCKER_CONFIG,
  layer: DOCKER_LAYER_GZIP,
};

const OCI: MediaTypes = { manifest: OCI_MANIFEST, config: OCI_CONFIG, layer: OCI_LAYER_GZIP };

/** A tar without entries: two zero blocks. Some registries refuse an image without a layer. */
const EMPTY_TAR = new Uint8Array(1024);

/**
 * Makes a record image. `createdAt` makes its manifest unique, so that no two records ever share a digest.
 *
 * @param createdAt RFC 3339 with as fine a fraction as the caller has.
 * @param tar What its layer holds.
 */
export function recordImage(
  project: string,
  labels: Readonly<Record<string, string>>,
  createdAt: string,
  tar: Uint8Array = EMPTY_TAR,
): RecordImage {
  const layer = gzipSync(tar);
  const config = encode({
    architecture: "amd64",
    os: "linux",
    created: createdAt,
    config: { Labels: { ...labels, [LABEL.project]: project } },
    rootfs: { type: "layers", diff_ids: [digestOf(tar)] },
    history: [{ created: createdAt }],
  });
  return {
    blobs: [
      { descriptor: describe(DOCKER.layer, layer), bytes: layer },
      { descriptor: describe(DOCKER.config, config), bytes: config },
    ],
    manifest: manifestOf(DOCKER, config, layer),
    ociManifest: manifestOf(OCI, config, layer),
  };
}

/** Labels of the `cleanup` record: when the run ended, in milliseconds, as werf reads it. */
export function lastCleanupLabels(endedAt: number): Record<string, string> {
  return { [LABEL.lastCleanup]: String(endedAt) };
}

function manifestOf(types: MediaTypes, config: Uint8Array, layer: Uint8Array): ManifestBody {
  const bytes = encode({
    schemaVersion: 2,
    mediaType: types.manifest,
    config: describe(types.config, config),
    layers: [describe(types.layer, layer)],
  });
  return { mediaType: types.manifest, digest: digestOf(bytes), bytes };
}

function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
