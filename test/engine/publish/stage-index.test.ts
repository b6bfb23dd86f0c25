import { expect, it } from "vitest";

import { hasSameChildren, stageIndex } from "../../../src/engine/publish/stage-index.ts";
import type { IndexChild } from "../../../src/engine/publish/stage-index.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { parseManifest } from "../../../src/oci/manifest.ts";
import {
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  OCI_INDEX,
  OCI_MANIFEST,
} from "../../../src/oci/media-type.ts";

const AMD = child("amd64");
const ARM = { ...child("arm"), platform: { os: "linux", architecture: "arm", variant: "v7" } };

it("is the same for the same children in any order", () => {
  expect(stageIndex([AMD, ARM])).toEqual(stageIndex([ARM, AMD]));
});

it("is a manifest list of Docker images, in the order of their platforms", () => {
  const index = stageIndex([ARM, AMD]);

  expect(JSON.parse(new TextDecoder().decode(index.bytes))).toEqual({
    schemaVersion: 2,
    mediaType: DOCKER_INDEX,
    manifests: [
      {
        mediaType: DOCKER_MANIFEST,
        size: 7,
        digest: AMD.digest,
        platform: { architecture: "amd64", os: "linux" },
      },
      {
        mediaType: DOCKER_MANIFEST,
        size: 7,
        digest: ARM.digest,
        platform: { architecture: "arm", os: "linux", variant: "v7" },
      },
    ],
  });
  expect(index).toMatchObject({ mediaType: DOCKER_INDEX, digest: digestOf(index.bytes) });
});

it.each([
  [[child("amd64", OCI_MANIFEST), child("arm64", OCI_MANIFEST)]],
  [[child("amd64"), child("arm64", OCI_MANIFEST)]],
])("is an OCI index where a child is no Docker image", (children) => {
  expect(stageIndex(children).mediaType).toBe(OCI_INDEX);
});

it("names the version of a system", () => {
  const platform = { os: "windows", architecture: "amd64", osVersion: "10.0.20348.1" };

  const { bytes } = stageIndex([{ ...AMD, platform }]);

  expect(new TextDecoder().decode(bytes)).toContain('"os.version":"10.0.20348.1"');
});

it("knows another writing of the same children", () => {
  const index = parseManifest(stageIndex([AMD, ARM], OCI_INDEX));
  const children = index.kind === "index" ? index.children : [];

  expect(hasSameChildren(children, [ARM, AMD])).toBe(true);
  expect(hasSameChildren(children, [AMD])).toBe(false);
  expect(hasSameChildren(children, [AMD, { ...ARM, digest: AMD.digest }])).toBe(false);
});

function child(architecture: string, mediaType: string = DOCKER_MANIFEST): IndexChild {
  const digest = digestOf(Buffer.from(architecture));
  return { platform: { os: "linux", architecture }, mediaType, digest, size: 7 };
}
