import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Content } from "../../../src/engine/audit/content.ts";
import { shareOut } from "../../../src/engine/audit/share-out.ts";
import { createStorage } from "../../../src/engine/audit/storage.ts";
import type { Storage } from "../../../src/engine/audit/storage.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { auditOf } from "./ground.ts";

describe("what groups hold", () => {
  it("alone is what goes with them, and shared is the rest of what they lead to", () => {
    fc.assert(
      fc.property(storages, fc.array(fc.nat(7), { maxLength: 3 }), (storage, loose) => {
        const groups = new Map([
          ["left", [0, 1]],
          ["right", [1, 2, 3]],
          ["alone", [4]],
        ]);

        const { groups: told, total } = shareOut(storage, groups, loose);

        const all = weigh(storage, [...groups.values()].flat());
        const everything = [...groups.values(), loose].flat();
        expect(total).toBe(all);
        for (const [name, roots] of groups) {
          const others = [...groups].filter(([other]) => other !== name).flatMap(([, at]) => at);
          const rest = weigh(storage, [...others, ...loose]);
          const own = weigh(storage, everything) - rest;
          expect(told.get(name)).toEqual({ own, shared: weigh(storage, roots) - own });
        }
      }),
    );
  });
});

describe("the bytes of a tag", () => {
  it("are shared with another tag on its manifest", () => {
    expect(bytesOf({ v1: "a", latest: "a" })).toEqual({ v1: [0, 121], latest: [0, 121] });
  });

  it("are its own but for the layers that other images have", () => {
    expect(bytesOf({ v1: "a", v2: "b" })).toEqual({ v1: [111, 10], v2: [111, 10] });
  });

  it("of an index are those of its children, as long as no other tag leads to them", () => {
    expect(bytesOf({ multi: "i" })).toEqual({ multi: [332, 0] });
    expect(bytesOf({ multi: "i", v1: "a" })).toEqual({ multi: [211, 121], v1: [0, 121] });
  });

  it("count what lies there without a tag where no tag leads to it", () => {
    const { repository } = auditOf({ tags: { v1: "a" }, stored: STORED, untagged: ["b", "i"] });

    expect(repository.totals).toEqual({ tags: 1, manifests: 1, bytes: 121, untaggedBytes: 211 });
    expect(repository.untagged?.map(({ ownBytes }) => ownBytes)).toEqual([0, 100]);
    expect(repository.tags).toMatchObject([{ ownBytes: 0, sharedBytes: 121 }]);
  });

  it("are told for each class, and for each image", () => {
    const labels = { "org.opencontainers.image.title": "web" };
    const stored = { a: { layers: ["base", "x"], labels }, b: { layers: ["base", "y"] } };
    const { repository } = auditOf({ tags: { v1: "a", "managed-image-api": "b" }, stored });

    expect(repository.byClass).toEqual([
      { name: "foreign", tags: 1, ownBytes: 111, sharedBytes: 10 },
      { name: "managed-image", tags: 1, ownBytes: 111, sharedBytes: 10 },
    ]);
    expect(repository.byImage.map(({ name }) => name)).toEqual(["api", "web"]);
  });
});

const STORED = {
  a: { layers: ["base", "x"] },
  b: { layers: ["base", "y"] },
  i: { children: ["a", "b"] },
};

/** Own and shared bytes by tag. */
function bytesOf(tags: Readonly<Record<string, string>>): Record<string, readonly number[]> {
  const { repository } = auditOf({ tags, stored: STORED });
  return Object.fromEntries(
    repository.tags.map(({ tag, ownBytes, sharedBytes }) => [tag, [ownBytes, sharedBytes]]),
  );
}

/** Eight manifests with blobs and children, which may lead to one another in circles. */
const storages: fc.Arbitrary<Storage> = fc
  .array(
    fc.record({
      blobs: fc.uniqueArray(fc.nat(5), { maxLength: 4 }),
      children: fc.uniqueArray(fc.nat(7), { maxLength: 2 }),
    }),
    { minLength: 8, maxLength: 8 },
  )
  .map((manifests) => {
    const contents = manifests.map(({ blobs, children }, at): [Digest, Content] => [
      `sha256:m${at}`,
      {
        mediaType: "",
        kind: "image",
        size: 2 ** at,
        blobs: blobs.map((blob) => ({ digest: `sha256:b${blob}`, size: 1000 * 2 ** blob })),
        children: children.map((child) => ({ digest: `sha256:m${child}` })),
      },
    ]);
    const storage = createStorage(new Map(contents));
    const places = manifests.map((_, at) => storage.numberOf(`sha256:m${at}`) ?? -1);
    return { ...storage, below: (at: number) => storage.below(at), places };
  })
  .map(({ places, ...storage }) => renumbered(storage, places));

/** The same storage with its manifests in front, in their order. */
function renumbered(storage: Storage, places: readonly number[]): Storage {
  const order = [...places];
  for (let at = 0; at < storage.size; at += 1) if (!order.includes(at)) order.push(at);
  const back = new Map(order.map((old, now) => [old, now]));
  return {
    size: storage.size,
    bytes: order.map((old) => storage.bytes[old] ?? 0),
    numberOf: (digest) => back.get(storage.numberOf(digest) ?? -1),
    below: (now) => storage.below(order[now] ?? -1).map((old) => back.get(old) ?? -1),
  };
}

/** Bytes of all that roots lead to, each once. */
function weigh(storage: Storage, roots: readonly number[]): number {
  const seen = new Set(roots);
  for (const at of seen) for (const next of storage.below(at)) seen.add(next);
  return [...seen].reduce((sum, at) => sum + (storage.bytes[at] ?? 0), 0);
}
