import { describe, expect, it } from "vitest";

import { descriptorOf, imageOf, indexOf } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import { restoreItems } from "../../../src/engine/restore/items.ts";
import type { RestoreItem, SavedManifest } from "../../../src/engine/restore/items.ts";

const amd = imageOf({ labels: { name: "amd" } });
const arm = imageOf({ labels: { name: "arm" }, layers: ["one", "two"] });
const inner = indexOf([arm]);
const outer = indexOf([amd, inner]);
const signature = imageOf({ labels: { name: "signature" }, subject: descriptorOf(outer) });

describe("the order", () => {
  it("puts children before their index, and a subject before what is about it", () => {
    const items = restoreItems([
      saved(signature),
      saved(outer, "outer"),
      saved(inner),
      saved(arm),
      saved(amd, "amd"),
    ]);

    const levels = new Map(items.map(({ digest, level }) => [digest, level]));
    expect([amd, arm, inner, outer, signature].map(({ digest }) => levels.get(digest))).toEqual([
      0, 0, 1, 2, 3,
    ]);
    expect(items.map(({ level }) => level)).toEqual([0, 0, 1, 2, 3]);
  });

  it("is found for an index that is nested more deeply than a stack", () => {
    let content: SeedContent = amd;
    const chain: SeedContent[] = [content];
    for (let depth = 0; depth < 20_000; depth += 1) {
      const { mediaType, digest, bytes } = content;
      content = indexOf([{ mediaType, digest, bytes, blobs: [], children: [] }]);
      chain.push(content);
    }

    const items = restoreItems(chain.toReversed().map((one) => saved(one)));

    expect(items.at(-1)).toMatchObject({ digest: content.digest, level: 20_000 });
  });
});

describe("an item", () => {
  it("names the blobs and the children it needs", () => {
    const items = restoreItems([saved(arm, "arm"), saved(inner, "inner")]);

    expect(items).toMatchObject([
      { tags: ["arm"], blobs: arm.blobs.map(({ digest }) => digest), children: [] },
      { tags: ["inner"], blobs: [], children: [arm.digest] },
    ]);
  });

  it("does not count layers that registries need not hold", () => {
    const foreign = withLayerType(amd, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");

    expect(restoreItems([foreign])).toMatchObject([{ blobs: [amd.blobs[0]?.digest] }]);
  });

  it("has every tag that went from its manifest", () => {
    expect(restoreItems([saved(amd, "one"), saved(amd, "two"), saved(amd)])).toMatchObject([
      { digest: amd.digest, tags: ["one", "two"] },
    ]);
  });
});

describe("a tag that went twice", () => {
  it("belongs to the manifest that lost it last", () => {
    const items = restoreItems([saved(amd, "latest"), saved(arm, "latest", "old")]);

    expect(tagsOf(items)).toEqual([["latest"], ["old"]]);
  });

  it("leaves away a manifest that has no other tag", () => {
    expect(restoreItems([saved(amd, "latest"), saved(arm, "latest")])).toMatchObject([
      { digest: amd.digest },
    ]);
  });

  it("does not leave away what an index needs", () => {
    const items = restoreItems([saved(inner, "multi"), saved(amd, "arm"), saved(arm, "arm")]);

    expect(items).toContainEqual(expect.objectContaining({ digest: arm.digest, tags: [] }));
  });
});

describe("when tags are named", () => {
  const all = [
    saved(outer, "outer", "alias"),
    saved(inner),
    saved(arm, "arm"),
    saved(amd, "amd"),
    saved(signature, "sig"),
    saved(imageOf({ labels: { name: "about amd" } }), `${amd.digest.replace(":", "-")}.sig`),
    saved(imageOf({ labels: { name: "other" } }), "other"),
  ];

  it("brings back those, what they reach, and what is about any of it", () => {
    const items = restoreItems(all, new Set(["outer"]));

    const aboutAmd = `${amd.digest.replace(":", "-")}.sig`;
    expect(tagsOf(items).flat().toSorted()).toEqual(
      ["amd", "arm", "outer", "sig", aboutAmd].toSorted(),
    );
    expect(items).toHaveLength(6);
  });

  it("brings back what is about a child that stayed", () => {
    const items = restoreItems(
      [saved(inner, "inner"), saved(imageOf({ subject: descriptorOf(arm) }), "about-arm")],
      new Set(["inner"]),
    );

    expect(tagsOf(items).flat().toSorted()).toEqual(["about-arm", "inner"]);
  });
});

function saved(
  { digest, mediaType, bytes }: SeedContent,
  ...tags: readonly string[]
): SavedManifest {
  return { digest, mediaType, bytes, tags };
}

function withLayerType(content: SeedContent, mediaType: string): SavedManifest {
  const manifest: { layers: object[] } = JSON.parse(new TextDecoder().decode(content.bytes));
  const layers = manifest.layers.map((layer) => ({ ...layer, mediaType }));
  const bytes = new TextEncoder().encode(JSON.stringify({ ...manifest, layers }));
  return saved({ ...content, bytes });
}

function tagsOf(items: readonly RestoreItem[]): (readonly string[])[] {
  return items.map(({ tags }) => tags);
}
