import { expect, it } from "vitest";

import { SourceError } from "../../src/sources/source.ts";
import { layout, scratch, writeFiles } from "./files.ts";
import { image, index, platforms } from "./images.ts";
import type { SeedContent } from "../../contract-tests/fakes/seed.ts";
import { openTested } from "./open.ts";
import type { Opened } from "./open.ts";

const AMD = image({ layers: ["amd"] });
const ARM = image({ architecture: "arm64", layers: ["arm"] });
const ATTESTATION = image({ os: "unknown", architecture: "unknown", layers: ["sbom"] });
const UNKNOWN = { platform: { os: "unknown", architecture: "unknown" } };
const ATTESTS = { annotations: { "vnd.docker.reference.type": "attestation-manifest" } };

it("leaves attestations out and says so once", async () => {
  const { source, warnings } = await openContent(
    index([[AMD], [ATTESTATION, UNKNOWN], [ARM], [image({ layers: ["x"] }), ATTESTS]]),
  );

  expect(source.images.map(({ platform }) => platform)).toEqual(["linux/amd64", "linux/arm64"]);
  expect(warnings).toEqual([
    expect.stringContaining(": 2 attestations are left out: what they attest is not the stage"),
  ]);
});

it("reads the images of an index within an index as if they were its own", async () => {
  const { source } = await openContent(index([[index([[ARM], [AMD]])], [AMD]]));

  expect(source.images.map(({ platform }) => platform)).toEqual(["linux/arm64", "linux/amd64"]);
});

it("keeps what an index says of a platform before what its config says", async () => {
  const old = image({ architecture: "arm", layers: ["arm"] });
  const platform = { os: "linux", architecture: "arm", variant: "v6" };

  const { source } = await openContent(index([[AMD], [old, { platform }]]));

  expect(source.images.map((one) => one.platform)).toEqual(["linux/amd64", "linux/arm/v6"]);
});

it("tells versions of a system apart", async () => {
  const windows = (version: string): [SeedContent, Readonly<Record<string, unknown>>] => [
    image({ os: "windows", layers: [version] }),
    { platform: { os: "windows", architecture: "amd64", "os.version": version } },
  ];

  const { source } = await openContent(index([windows("10.0.17763.1"), windows("10.0.20348.1")]));

  expect(source.images.map(({ platform }) => platform)).toEqual([
    "windows(10.0.17763.1)/amd64",
    "windows(10.0.20348.1)/amd64",
  ]);
});

it("keeps the annotations of an index", async () => {
  const annotations = { "org.example.team": "shop" };

  const { source } = await openContent(index([[AMD], [ARM]], { annotations }));

  expect(source.index?.annotations).toEqual(annotations);
});

it("refuses two images for one platform", async () => {
  const other = image({ layers: ["other"] });

  await expect(openContent(index([[AMD], [other]]))).rejects.toThrow(
    `has two images for linux/amd64 (${AMD.digest} and ${other.digest}); publish one of them by its digest`,
  );
});

it.each([
  ["an empty index", index([]), "is an index that names no image"],
  [
    "an index of attestations alone",
    index([[ATTESTATION, UNKNOWN]]),
    "is an index that names no image",
  ],
  [
    "indexes that are nested without end",
    index([[index([[index([[index([[index([[AMD]])]])]])]])]]),
    "has indexes more than 4 deep",
  ],
  [
    "an artifact",
    image({ configType: "application/vnd.cncf.helm.config.v1+json" }),
    "is an artifact (its config is application/vnd.cncf.helm.config.v1+json), not an image",
  ],
  [
    "an index with an artifact",
    index([[AMD], [image({ configType: "text/plain", layers: ["x"] })]]),
    "is an artifact (its config is text/plain)",
  ],
  [
    "a manifest of another type",
    { ...AMD, mediaType: "application/vnd.docker.distribution.manifest.v1+prettyjws" },
    "is a manifest of the type application/vnd.docker.distribution.manifest.v1+prettyjws",
  ],
  [
    "a manifest that says it is something else",
    image({ manifest: { mediaType: "application/vnd.oci.image.index.v1+json" } }),
    "says of itself that it is application/vnd.oci.image.index.v1+json",
  ],
  [
    "a config that tells of fewer layers",
    image({ fields: { rootfs: { type: "layers", diff_ids: [] } } }),
    "has 1 layers, and its config tells of 0",
  ],
  ["a config without a platform", image({ os: "" }), "does not tell its platform"],
  [
    "a platform that is none",
    image({ os: "li/nux", architecture: "amd64" }),
    'is for "li/nux/amd64", which is no platform',
  ],
  [
    "a config without layers",
    image({ fields: { rootfs: undefined } }),
    "is not as it should be: rootfs",
  ],
  [
    "a layer with a digest of another algorithm",
    image({
      manifest: { layers: [{ mediaType: "x", size: 1, digest: `blake3:${"0".repeat(64)}` }] },
    }),
    "is not as it should be: layers.0.digest: is no sha256 or sha512 digest",
  ],
])("refuses %s", async (_, content, message) => {
  const opening = openContent(content);

  await expect(opening).rejects.toThrow(SourceError);
  await expect(opening).rejects.toThrow(message);
});

it("takes an image without layers", async () => {
  const empty = image({
    layers: [],
    fields: { rootfs: { type: "layers", diff_ids: null } },
    manifest: { layers: null },
  });

  const { source } = await openContent(empty);

  expect(source.images[0]?.layers).toEqual([]);
});

it("takes an image that an index names twice once", async () => {
  const { source } = await openContent(index([[AMD], [ARM], [AMD]]));

  expect(source.images).toHaveLength(2);
});

it("takes one manifest for two platforms as two images", async () => {
  const platform = { os: "linux", architecture: "arm64" };

  const { source } = await openContent(index([[AMD], [AMD, { platform }]]));

  expect(source.images.map((one) => one.platform)).toEqual(["linux/amd64", "linux/arm64"]);
});

it("refuses an index that names itself into the immeasurable", async () => {
  const wide = (content: SeedContent): SeedContent =>
    index(Array.from({ length: 200 }, () => [content]));

  await expect(openContent(wide(wide(AMD)))).rejects.toThrow("names more than 256 images");
});

it("takes the platforms of common images", async () => {
  const { source } = await openContent(
    platforms("linux/amd64", "linux/386", "linux/arm/v7", "linux/ppc64le", "linux/s390x"),
  );

  expect(source.images).toHaveLength(5);
});

async function openContent(content: SeedContent): Promise<Opened> {
  const directory = await scratch();
  await writeFiles(directory, layout([[content]]));
  return await openTested(`oci:${directory}`);
}
