import { describe, expect, it } from "vitest";

import { createLinkReader } from "../../../src/engine/migrate/links.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import type { ManifestBody } from "../../../src/oci/manifest.ts";
import {
  DOCKER_CONFIG,
  DOCKER_LAYER_GZIP,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from "../../../src/oci/media-type.ts";

const [CONFIG, LAYER, OTHER] = [digest("a"), digest("b"), digest("c")];

describe("what a manifest leads to", () => {
  it("is its config and its layers, each once", () => {
    const layer = { mediaType: OCI_LAYER_GZIP, digest: LAYER, size: 7 };
    const body = manifest(OCI_MANIFEST, {
      config: { mediaType: OCI_CONFIG, digest: CONFIG, size: 3 },
      layers: [layer, layer],
      subject: { mediaType: OCI_MANIFEST, digest: OTHER, size: 1 },
    });

    expect(createLinkReader()(body)).toEqual({
      mediaType: OCI_MANIFEST,
      size: body.bytes.length,
      config: CONFIG,
      blobs: [
        { digest: CONFIG, size: 3 },
        { digest: LAYER, size: 7 },
      ],
      children: [],
      subject: OTHER,
    });
  });

  it.each([
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
  ])("is no layer that lies elsewhere: %s", (mediaType) => {
    const body = manifest(DOCKER_MANIFEST, {
      config: { mediaType: DOCKER_CONFIG, digest: CONFIG, size: 3 },
      layers: [
        { mediaType, digest: OTHER, size: 9, urls: ["https://elsewhere.test/layer"] },
        { mediaType: DOCKER_LAYER_GZIP, digest: LAYER, size: 7 },
      ],
    });

    expect(createLinkReader()(body)).toMatchObject({
      blobs: [{ digest: CONFIG }, { digest: LAYER }],
    });
  });

  it("is the manifests of an index, and as blobs what in it is none", () => {
    const body = manifest(OCI_INDEX, {
      manifests: [
        { mediaType: OCI_LAYER_GZIP, digest: LAYER, size: 7 },
        { mediaType: "application/vnd.buildkit.cacheconfig.v0", digest: CONFIG, size: 3 },
        { mediaType: OCI_MANIFEST, digest: OTHER, size: 5 },
      ],
    });

    expect(createLinkReader()(body)).toMatchObject({
      blobs: [{ digest: LAYER }, { digest: CONFIG }],
      children: [{ digest: OTHER, mediaType: OCI_MANIFEST }],
    });
  });

  it.each([
    ["schema 1", { schemaVersion: 1, fsLayers: [{ blobSum: LAYER }] }],
    ["a child by another algorithm", { manifests: [{ digest: "blake3:00", size: 1 }] }],
    ["a digest that is none", { config: { digest: "sha256:x", size: 1 }, layers: [] }],
  ])("cannot be told of %s", (_, content) => {
    expect(createLinkReader()(manifest(OCI_INDEX.replace("index", "x"), content))).toBe(
      "unreadable",
    );
  });

  it("does not depend on what annotations say", () => {
    const body = manifest(OCI_INDEX, {
      manifests: [{ mediaType: OCI_MANIFEST, digest: OTHER, size: 5 }],
      annotations: { digest: "blake3:00" },
    });

    expect(createLinkReader()(body)).toMatchObject({ children: [{ digest: OTHER }] });
  });

  it("is held once for all that share it", () => {
    const read = createLinkReader();
    const layer = { mediaType: OCI_LAYER_GZIP, digest: LAYER, size: 7 };
    const [one, other] = [CONFIG, OTHER].map((config) =>
      read(manifest(OCI_MANIFEST, { config: { digest: config, size: 3 }, layers: [layer] })),
    );

    if (typeof one !== "object" || typeof other !== "object") throw new Error("unreadable");
    expect(one.blobs[1]).toBe(other.blobs[1]);
  });
});

function manifest(mediaType: string, content: object): ManifestBody {
  const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, ...content }));
  return { mediaType, bytes, digest: digestOf(bytes) };
}

function digest(letter: string): `sha256:${string}` {
  return `sha256:${letter.repeat(64)}`;
}
