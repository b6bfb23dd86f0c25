import { rm } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { expect, it } from "vitest";

import { SourceError } from "../../src/sources/source.ts";
import { blobPath, layout, scratch, tagged, writeFiles } from "./files.ts";
import type { LayoutEntry } from "./files.ts";
import { image, index, platforms } from "./images.ts";
import { openDirectories, openTested, read } from "./open.ts";

const SHOP = image({ layers: ["base", "shop"] });
const OTHER = image({ layers: ["other"] });

it("tells the one image of a layout as it lies there", async () => {
  const directory = await directoryOf([[SHOP]]);

  const { source, warnings } = await openTested(`oci:${directory}`);

  const [config, ...layers] = SHOP.blobs;
  expect({ ...source, images: source.images }).toMatchObject({
    address: `oci:${directory}`,
    repository: { host: "oci", name: directory },
    images: [
      {
        platform: "linux/amd64",
        manifest: { mediaType: SHOP.mediaType, digest: SHOP.digest },
        config: { digest: config?.digest, size: config?.bytes.length },
        layers: layers.map(({ digest, bytes }) => ({ digest, size: bytes.length })),
      },
    ],
  });
  expect(source.images[0]?.manifest.bytes).toEqual(Buffer.from(SHOP.bytes));
  expect(source.images[0]?.configBytes).toEqual(Buffer.from(SHOP.config));
  expect(source.index).toBeUndefined();
  expect(warnings).toEqual([]);
});

it("reads a blob from any offset on", async () => {
  const { source } = await openTested(`oci:${await directoryOf([[SHOP]])}`);
  const [, , layer = SHOP] = SHOP.blobs;
  const whole = Buffer.from(layer.bytes);

  const rest = await read(source, layer.digest, 7);

  expect(rest).toBe(whole.subarray(7).toString());
  expect(gunzipSync(whole).toString()).toBe("shop");
});

it.each([
  ["its tag", ":shop", SHOP.digest],
  ["its digest", `@${OTHER.digest}`, OTHER.digest],
  ["a name with a colon", ":acme/other:1", OTHER.digest],
])("takes the image that is named by %s", async (_, suffix, digest) => {
  const directory = await directoryOf([
    [SHOP, tagged("shop")],
    [OTHER, tagged("acme/other:1")],
  ]);

  const { source } = await openTested(`oci:${directory}${suffix}`);

  expect(source.images.map(({ manifest }) => manifest.digest)).toEqual([digest]);
});

it("takes one image that has several tags", async () => {
  const directory = await directoryOf([
    [SHOP, tagged("a")],
    [SHOP, tagged("b")],
  ]);

  const { source } = await openTested(`oci:${directory}`);

  expect(source.images).toHaveLength(1);
});

it.each([
  ["", "holds 2 images: say which one; it has other, shop"],
  [":nope", 'has no "nope"; it has other, shop'],
  [`@sha256:${"0".repeat(64)}`, `the manifest sha256:${"0".repeat(64)} is not there`],
])("lists the tags when %j names no image", async (suffix, message) => {
  const directory = await directoryOf([
    [SHOP, tagged("shop")],
    [OTHER, tagged("other")],
  ]);
  const text = `oci:${directory}${suffix}`;

  await expect(openTested(text)).rejects.toThrow(new SourceError(`source ${text}: ${message}`));
});

it("knows a tag that is in the directory's log and not in its index yet", async () => {
  const directory = await directoryOf([[SHOP, tagged("shop")]]);
  const registry = await openDirectories();
  const repository = { host: "oci", name: directory };
  await registry.putManifest({ ...repository, tag: "new" }, SHOP);

  const { source } = await openTested(`oci:${directory}:new`);

  expect(source.images[0]?.manifest.digest).toBe(SHOP.digest);
});

it("takes an image that has a full name and no tag", async () => {
  const annotations = { "io.containerd.image.name": "docker.io/library/shop:1" };
  const directory = await directoryOf([[SHOP, { annotations }]]);

  const { source } = await openTested(`oci:${directory}`);
  const { source: named } = await openTested(`oci:${directory}:docker.io/library/shop:1`);

  expect([...source.images, ...named.images]).toHaveLength(2);
});

it("takes a path with a colon", async () => {
  const directory = join(await scratch(), "a:b@c");
  await writeFiles(directory, layout([[SHOP, tagged("v1")]]));

  const { source } = await openTested(`oci:${directory}:v1`);

  expect(source.repository?.name).toBe(directory);
});

it("tells the images of an index in its order, and the index", async () => {
  const shop = platforms("linux/arm64/v8", "linux/amd64", "linux/arm/v6");
  const directory = await directoryOf([[shop, tagged("v1")]]);

  const { source } = await openTested(`oci:${directory}:v1`);

  expect(source.images.map(({ platform }) => platform)).toEqual([
    "linux/arm64",
    "linux/amd64",
    "linux/arm/v6",
  ]);
  expect(source.images.map(({ manifest }) => manifest.digest)).toEqual(
    shop.children.map(({ digest }) => digest),
  );
  expect(source.index).toEqual({
    mediaType: shop.mediaType,
    annotations: {},
    bytes: Buffer.from(shop.bytes),
  });
});

it("takes index.json itself as the index where its images have platforms and no names", async () => {
  const [amd, arm] = platforms("linux/amd64", "linux/arm64").children;
  if (amd === undefined || arm === undefined) throw new Error("no children");
  const directory = await directoryOf([
    [amd, { platform: { os: "linux", architecture: "amd64" } }],
    [arm, { platform: { os: "linux", architecture: "arm64" } }],
  ]);

  const { source } = await openTested(`oci:${directory}`);

  expect(source.images.map(({ platform }) => platform)).toEqual(["linux/amd64", "linux/arm64"]);
  expect(source.index).toMatchObject({ annotations: {} });
});

it("refuses what is not there, and what is no layout", async () => {
  const directory = await scratch();
  await writeFiles(directory, new Map([["notes", new Uint8Array()]]));

  await expect(openTested(`oci:${directory}/none:v1`)).rejects.toThrow(
    new SourceError(`source oci:${directory}/none:v1: there is no ${directory}/none`),
  );
  await expect(openTested(`oci:${directory}`)).rejects.toThrow("is not an OCI image layout");
});

it("refuses a manifest that is damaged", async () => {
  const files = layout([[SHOP]]);
  files.set(blobPath(SHOP.digest), new TextEncoder().encode("{}"));
  const directory = await scratch();
  await writeFiles(directory, files);

  await expect(openTested(`oci:${directory}`)).rejects.toThrow(`${SHOP.digest} is damaged`);
});

it("refuses an index whose child is not there", async () => {
  const shop = platforms("linux/amd64", "linux/arm64");
  const directory = await directoryOf([[shop]]);
  const [, missing] = shop.children;
  await rm(join(directory, blobPath(missing?.digest ?? "")));

  await expect(openTested(`oci:${directory}`)).rejects.toThrow(
    `its index names linux/arm64 (${missing?.digest}), which is not there`,
  );
});

it("tells that a blob is gone when it is read", async () => {
  const directory = await directoryOf([[SHOP]]);
  const { source } = await openTested(`oci:${directory}`);
  const [, layer = SHOP] = SHOP.blobs;
  await rm(join(directory, blobPath(layer.digest)));

  await expect(read(source, layer.digest)).rejects.toThrow(
    new SourceError(`source oci:${directory}: the blob ${layer.digest} is not there`),
  );
});

it("takes the image of an index that names no other as a single image", async () => {
  const directory = await directoryOf([[index([[SHOP]])]]);

  const { source } = await openTested(`oci:${directory}`);

  expect(source.images).toHaveLength(1);
  expect(source.index).toBeUndefined();
});

async function directoryOf(entries: readonly LayoutEntry[]): Promise<string> {
  const directory = await scratch();
  await writeFiles(directory, layout(entries));
  return directory;
}
