import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

import { expect, it } from "vitest";

import { DOCKER_LAYER, DOCKER_LAYER_GZIP, DOCKER_MANIFEST } from "../../src/oci/media-type.ts";
import { SourceError } from "../../src/sources/source.ts";
import { blobPath, dockerSave, layout, tarFile } from "./files.ts";
import type { TarEntry } from "./files.ts";
import { encode, image, platforms, sha256 } from "./images.ts";
import { openTested, read } from "./open.ts";

const SHOP = image({ layers: ["base", "shop"] });
const OTHER = image({ layers: ["base", "other"] });

it("keeps the bytes of layers, so that their digests are their diff ids", async () => {
  const path = await tarFile(dockerSave([[SHOP, ["shop:1"]]]));

  const { source } = await openTested(`docker-archive:${path}`);

  const [only] = source.images;
  expect(only?.manifest.mediaType).toBe(DOCKER_MANIFEST);
  expect(only?.layers).toEqual(
    SHOP.tars.map((tar) => ({ mediaType: DOCKER_LAYER, digest: sha256(tar), size: tar.length })),
  );
  expect(await read(source, sha256(SHOP.tars[1] ?? SHOP.config))).toBe("shop");
  expect(only?.config.digest).toBe(sha256(SHOP.config));
  expect(JSON.parse(Buffer.from(only?.manifest.bytes ?? []).toString())).toEqual({
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config: only?.config,
    layers: only?.layers,
  });
  expect(only?.manifest.digest).toBe(sha256(only?.manifest.bytes ?? SHOP.config));
});

it.each(["other:2", "docker.io/library/other:2", "other", "localhost:5000/acme/other:3"])(
  "finds %s among several images that share layers by links",
  async (name) => {
    const names = ["other:2", "other:latest", "localhost:5000/acme/other:3"];
    const path = await tarFile(
      dockerSave([
        [SHOP, ["shop:1"]],
        [OTHER, names],
      ]),
    );

    const { source } = await openTested(`docker-archive:${path}:${name}`);

    expect(source.images[0]?.config.digest).toBe(sha256(OTHER.config));
    expect(await read(source, sha256(OTHER.tars[0] ?? OTHER.config))).toBe("base");
  },
);

it.each([
  ["", "holds 2 images: say which one; it has other:2, shop:1"],
  [":shop:2", 'has no "shop:2"; it has other:2, shop:1'],
  [`@${SHOP.digest}`, "is an archive without digests; write docker-archive:FILE:NAME:TAG"],
])("lists the names when %j names no image", async (suffix, message) => {
  const path = await tarFile(
    dockerSave([
      [SHOP, ["shop:1"]],
      [OTHER, ["other:2"]],
    ]),
  );
  const text = `docker-archive:${path}${suffix}`;

  await expect(openTested(text)).rejects.toThrow(new SourceError(`source ${text}: ${message}`));
});

it("takes the only image, which nobody gave a name", async () => {
  const { source } = await openTested(`docker-archive:${await tarFile(dockerSave([[SHOP, []]]))}`);

  expect(source.images).toHaveLength(1);
});

it("keeps a layer that is compressed as it is", async () => {
  const layer = gzipSync("base", { level: 9 });
  const single = image({ layers: ["base"] });
  const path = await tarFile([
    ["c.json", single.config],
    ["l/layer.tar", layer],
    ["manifest.json", encode([{ Config: "c.json", RepoTags: null, Layers: ["l/layer.tar"] }])],
  ]);

  const { source } = await openTested(`docker-archive:${path}`);

  expect(source.images[0]?.layers).toEqual([
    { mediaType: DOCKER_LAYER_GZIP, digest: sha256(layer), size: layer.length },
  ]);
});

it.each([
  ["no list of images", [["repositories", "{}"]], "has neither manifest.json nor index.json"],
  ["a list that is none", [["manifest.json", "{}"]], "manifest.json is not as it should be"],
  ["an empty list", [["manifest.json", "[]"]], "holds no image"],
  ["a list that is no JSON", [["manifest.json", "["]], "manifest.json is not JSON"],
  [
    "a layer that is not there",
    [
      ["manifest.json", '[{"Config":"c.json","Layers":["l/layer.tar"]}]'],
      ["c.json", JSON.stringify({ rootfs: { diff_ids: [`sha256:${"0".repeat(64)}`] } })],
    ],
    "its manifest.json names l/layer.tar, which is not there",
  ],
  [
    "a path out of it",
    [["manifest.json", '[{"Config":"../../etc/passwd"}]']],
    "has a path that leads out of it",
  ],
  [
    "fewer layers than its config",
    [
      ["manifest.json", '[{"Config":"c.json","Layers":[]}]'],
      ["c.json", JSON.stringify({ rootfs: { diff_ids: [`sha256:${"0".repeat(64)}`] } })],
    ],
    "has 0 layers, and its config tells of 1",
  ],
] as const)("refuses an archive with %s", async (_, files, message) => {
  const path = await tarFile(
    files.map(([name, text]) => [name, new TextEncoder().encode(text)] as const),
  );

  await expect(openTested(`docker-archive:${path}`)).rejects.toThrow(message);
});

it("reads the manifests of an archive that is a layout as well", async () => {
  const path = await tarFile(savedLayout());

  const { source } = await openTested(`docker-archive:${path}:shop:1`);

  expect(source.images[0]?.manifest.digest).toBe(SHOP.digest);
});

it("lists full names where two images have one tag", async () => {
  const path = await tarFile(savedLayout());

  await expect(openTested(`docker-archive:${path}:1`)).rejects.toThrow(
    'has 2 images named "1": name one by its digest',
  );
  await expect(openTested(`docker-archive:${path}`)).rejects.toThrow(
    "it has 1, docker.io/library/other:1, docker.io/library/shop:1",
  );
});

it("leaves platforms out that were not saved, and says so", async () => {
  const shop = platforms("linux/amd64", "linux/arm64", "linux/s390x");
  const files = layout([
    [shop, { annotations: { "io.containerd.image.name": "docker.io/library/shop:1" } }],
  ]);
  const [, arm] = shop.children;
  files.delete(blobPath(arm?.digest ?? ""));

  const { source, warnings } = await openTested(`docker-archive:${await tarFile(files)}`);

  expect(source.images.map(({ platform }) => platform)).toEqual(["linux/amd64", "linux/s390x"]);
  expect(warnings).toEqual([
    expect.stringContaining(`linux/arm64 (${arm?.digest}) is left out: the index names it`),
  ]);
});

it("reads long paths, which take headers of their own", async () => {
  const long = `${"d".repeat(90)}/${"e".repeat(90)}/layer.tar`;
  const single = image({ layers: ["base"] });
  const path = await tarFile([
    ["c.json", single.config],
    [long, new TextEncoder().encode("base")],
    ["manifest.json", encode([{ Config: "c.json", RepoTags: null, Layers: [long] }])],
  ]);

  const { source } = await openTested(`docker-archive:${path}`);

  expect(await read(source, sha256(single.tars[0] ?? single.config))).toBe("base");
});

it("does not take what its config does not tell of for a layer", async () => {
  const path = await tarFile(dockerSave([[SHOP, ["shop:1"]]]));
  const { source } = await openTested(`docker-archive:${path}`);
  const unknown = sha256(createHash("sha256").digest());

  await expect(read(source, unknown)).rejects.toThrow(`the blob ${unknown} is not there`);
});

/** What newer versions write: a layout, and the old list beside it. */
function savedLayout(): (TarEntry | readonly [string, Uint8Array])[] {
  const named = (name: string): { annotations: Record<string, string> } => ({
    annotations: {
      "io.containerd.image.name": `docker.io/library/${name}:1`,
      "org.opencontainers.image.ref.name": "1",
    },
  });
  return [
    ...layout([
      [SHOP, named("shop")],
      [OTHER, named("other")],
    ]),
    ["manifest.json", encode([])],
  ];
}
