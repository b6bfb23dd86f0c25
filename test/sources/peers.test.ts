import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { beforeAll, describe, expect, it } from "vitest";

import { findPeer, peersAreRequired, requirePeer } from "../../contract-tests/servers/peers.ts";
import { run } from "../../contract-tests/servers/run.ts";
import { contentDigestOf } from "../../src/engine/publish/content-digest.ts";
import type { Source } from "../../src/sources/source.ts";
import { build, buildahIn } from "./buildah.ts";
import type { Buildah } from "./buildah.ts";
import { layout, scratchForFile, tagged, writeFiles } from "./files.ts";
import { image, platforms } from "./images.ts";
import { openTested } from "./open.ts";

const directory = scratchForFile();

describe.skipIf(isMissing("skopeo"))("what skopeo wrote", () => {
  const shop = image({ layers: ["base", "shop"] });

  it.each([
    ["oci:DIR", "oci:", "one:v1", "oci:", "one:v1"],
    ["oci:DIR without a tag", "oci:", "two", "oci:", "two"],
    ["oci-archive:FILE", "oci-archive:", "a.tar:v1", "oci-archive:", "a.tar:v1"],
    ["docker-archive:FILE", "docker-archive:", "d.tar:shop:1", "docker-archive:", "d.tar:shop:1"],
  ])("as %s has the same content", async (_, transport, target, kind, source) => {
    const from = await writeLayout("from", shop);

    await copy(`oci:${from}:v1`, `${transport}${join(directory(), target)}`);
    const opened = await openTested(`${kind}${join(directory(), source)}`);

    await expectWhole(opened.source);
    expect(opened.source.images.map(contentDigestOf)).toEqual([
      contentDigestOf({ platform: "linux/amd64", configBytes: shop.config }),
    ]);
  });

  it("as docker-archive has layers whose digests are their diff ids", async () => {
    const from = await writeLayout("from", shop);

    await copy(`oci:${from}:v1`, `docker-archive:${join(directory(), "ids.tar")}:shop:1`);
    const { source } = await openTested(`docker-archive:${join(directory(), "ids.tar")}`);

    expect(source.images[0]?.layers.map(({ digest }) => digest)).toEqual(
      shop.tars.map((tar) => `sha256:${createHash("sha256").update(tar).digest("hex")}`),
    );
  });

  it("as an index keeps its images", async () => {
    const shop = platforms("linux/amd64", "linux/arm64");
    const from = await writeLayout("multi", shop);

    await copy(`oci:${from}:v1`, `oci-archive:${join(directory(), "multi.tar")}:v1`, "--all");
    const { source } = await openTested(`oci-archive:${join(directory(), "multi.tar")}:v1`);

    await expectWhole(source);
    expect(source.images.map(({ manifest }) => manifest.digest)).toEqual(
      shop.children.map(({ digest }) => digest),
    );
  });
});

describe.skipIf(isMissing("buildah"))("what buildah wrote", () => {
  let buildah: Buildah;
  beforeAll(async () => {
    buildah = buildahIn(directory());
    await build(buildah, directory(), { name: "shop:1", architecture: "amd64" });
    await build(buildah, directory(), { name: "shop:arm", architecture: "arm64" });
  });

  it("has the same content in every form", async () => {
    const forms = [
      ["oci:", "built:v1"],
      ["oci:", "unnamed"],
      ["oci-archive:", "built.tar:v1"],
      ["docker-archive:", "saved.tar:shop:1"],
    ] as const;

    const opened: Source[] = [];
    for (const [kind, target] of forms) {
      const text = `${kind}${join(directory(), target)}`;
      await buildah("push", "--quiet", "shop:1", text);
      opened.push((await openTested(text)).source);
    }

    for (const source of opened) await expectWhole(source);
    const digests = opened.flatMap(({ images }) => images.map(contentDigestOf));
    expect(digests).toHaveLength(forms.length);
    expect(new Set(digests).size).toBe(1);
  });

  it("is read from an archive that was compressed", async () => {
    const path = join(directory(), "packed.tar");
    await buildah("push", "--quiet", "shop:1", `docker-archive:${path}:shop:1`);
    await writeFile(`${path}.gz`, gzipSync(await readFile(path)));

    const { source } = await openTested(`docker-archive:${path}.gz`);

    await expectWhole(source);
    expect(source.images).toHaveLength(1);
  });

  it("as a manifest list keeps its images", async () => {
    await buildah("manifest", "create", "list");
    await buildah("manifest", "add", "list", "shop:1");
    await buildah("manifest", "add", "list", "shop:arm");
    const target = `oci:${join(directory(), "list")}:v1`;
    await buildah("manifest", "push", "--quiet", "--all", "list", target);

    const { source } = await openTested(target);

    await expectWhole(source);
    expect(source.images.map(({ platform }) => platform)).toEqual(["linux/amd64", "linux/arm64"]);
  });
});

/** Every blob is there with its size and its digest. */
async function expectWhole(source: Source): Promise<void> {
  const { signal } = new AbortController();
  for (const { layers } of source.images) {
    for (const { digest, size } of layers) {
      const hash = createHash("sha256");
      let length = 0;
      for await (const chunk of source.openBlob(digest, 0, signal)) {
        hash.update(chunk);
        length += chunk.length;
      }
      expect([`sha256:${hash.digest("hex")}`, length]).toEqual([digest, size]);
    }
  }
}

async function writeLayout(
  name: string,
  content: Parameters<typeof layout>[0][0][0],
): Promise<string> {
  const path = join(directory(), name);
  await writeFiles(path, layout([[content, tagged("v1")]]));
  return path;
}

async function copy(from: string, to: string, ...options: readonly string[]): Promise<void> {
  const args = ["--insecure-policy", "copy", "--quiet", ...options, from, to];
  await run(requirePeer("skopeo"), args);
}

function isMissing(peer: "skopeo" | "buildah"): boolean {
  return !peersAreRequired() && findPeer(peer) === undefined;
}
