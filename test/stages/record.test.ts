import { expect, it } from "vitest";

import { digestOf } from "../../src/oci/digest.ts";
import { lastCleanupLabels, recordImage } from "../../src/stages/record.ts";

const CREATED = "2026-11-21T12:00:00.000000001Z";
const { blobs, manifest, ociManifest } = recordImage("app", lastCleanupLabels(42), CREATED);

it("has its labels in the config", () => {
  const config: unknown = JSON.parse(textOf(blobs[1]?.bytes));

  expect(config).toMatchObject({
    created: CREATED,
    config: { Labels: { werf: "app", lastcleanuptimestamp: "42" } },
  });
});

it.each([
  [
    "a Docker manifest",
    manifest,
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
  ],
  [
    "an OCI manifest",
    ociManifest,
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.oci.image.layer.v1.tar+gzip",
  ],
])("is %s over the same blobs", (_, { bytes, digest, mediaType }, type, config, layer) => {
  const [layerBlob, configBlob] = blobs.map(({ descriptor }) => descriptor);

  expect({ mediaType, digest }).toEqual({ mediaType: type, digest: digestOf(bytes) });
  expect(JSON.parse(textOf(bytes))).toEqual({
    schemaVersion: 2,
    mediaType: type,
    config: { ...configBlob, mediaType: config },
    layers: [{ ...layerBlob, mediaType: layer }],
  });
});

function textOf(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}
