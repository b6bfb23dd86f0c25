import { describe, expect, it } from "vitest";

import { ManifestError, parseManifest } from "../../src/oci/manifest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../../src/oci/media-type.ts";

const digest = `sha256:${"a".repeat(64)}`;
const child = { mediaType: OCI_MANIFEST, digest, size: 7 };

describe("parseManifest", () => {
  it("reads the children of an index beside one named by an unknown algorithm", () => {
    const strange = { ...child, digest: "blake3:abcdef" };

    const index = parseManifest({
      mediaType: OCI_INDEX,
      bytes: encode({ manifests: [strange, child] }),
    });

    expect(index).toMatchObject({ kind: "index", children: [{ digest }] });
  });

  it.each([
    ["a child without a digest", { manifests: [{ mediaType: OCI_MANIFEST }] }],
    ["a child with half a digest", { manifests: [{ ...child, digest: "sha256:abc" }] }],
    ["children that are no list", { manifests: {} }],
  ])("refuses %s", (_, json) => {
    expect(() => parseManifest({ mediaType: OCI_INDEX, bytes: encode(json) })).toThrow(
      ManifestError,
    );
  });
});

function encode(json: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(json));
}
