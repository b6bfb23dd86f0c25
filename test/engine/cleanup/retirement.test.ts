import { describe, expect, it } from "vitest";
import { findRetired } from "../../../src/engine/cleanup/retirement.ts";
import type { Definition, RetirementInput } from "../../../src/engine/cleanup/retirement.ts";
import type { Facts } from "../../../src/engine/cleanup/inventory.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { murmurHash } from "../../../src/stages/hash.ts";
import { classifyTag, managedImageTag } from "../../../src/stages/tag.ts";
import { DAY_MS, NOW, commitOf, digestOf, lineOf, recordOf, stageOf } from "./repository.ts";

describe("an image name that no reference defines", () => {
  it("is retired when nothing was built under it for long enough", () => {
    expect(retired({})).toEqual(["old"]);
  });

  it.each([
    ["a stage of its own is young", { stageDays: 5 }],
    ["a record names a young commit", { commitDays: 5 }],
    ["the record of the name is young", { nameDays: 5 }],
    ["the record of the name was pushed lately", { pushedDays: 5 }],
    ["the record of the name does not tell when it was made", { nameDays: undefined }],
    ["one reference defines it", { defined: [["web"], ["web", "old"]] }],
    ["there is no reference", { defined: [] }],
    ["the remote may have more references", { mayBeBehind: true }],
    ["a configuration cannot be read", { defined: [["web"], "a template"] }],
    ["the grace is longer", { afterDays: 100 }],
    [
      "no reference has a configuration where it is looked for",
      { defined: [undefined, undefined] },
    ],
  ] as const)("stays when %s", (_, world) => {
    expect(retired(world)).toEqual([]);
  });

  it("stays when images were built from a reference that has no configuration", () => {
    expect(retired({ defined: [["web"], undefined] })).toEqual(["old"]);
    expect(retired({ defined: [["web"], undefined], newestAt: 1 })).toEqual([]);
    expect(retired({ defined: [["web"], undefined], newestAt: 1, isSha256: true })).toEqual([]);
  });
});

it("the reference whose configuration cannot be read is named", () => {
  expect(find({ defined: [["web"], "a template"] }).warnings).toEqual([
    "no image name is retired, since a configuration cannot be read (branch b1: a template)",
  ]);
});

it("nothing is said while every name is defined", () => {
  expect(find({ defined: [["web", "old"], "a template"] })).toMatchObject({ warnings: [] });
});

it("a name that makes no tag is known by its slug", () => {
  const name = `${"long/".repeat(40)}name`;
  const tag = managedImageTag(name);

  expect(find({ defined: [["web", name]], name: tag }).retired.size).toBe(0);
});

it("the record of the name is read before it is decided", () => {
  const { input } = world({});

  expect(findRetired(input, new Map())).toEqual({
    retired: new Set(),
    warnings: [],
    needs: [{ digest: digestOf("b"), config: true }],
  });
});

interface World {
  /** Names at each reference; a sentence where they cannot be told, nothing where there is no configuration. */
  readonly defined?: readonly (readonly string[] | string | undefined)[];
  readonly stageDays?: number;
  readonly commitDays?: number;
  readonly nameDays?: number | undefined;
  readonly pushedDays?: number;
  readonly afterDays?: number;
  readonly mayBeBehind?: boolean;
  /** Which reference is at the commit that the record names. */
  readonly newestAt?: number;
  /** Whether ids of commits are longer than what records say of them. */
  readonly isSha256?: boolean;
  readonly name?: string;
}

function find(spec: World): ReturnType<typeof findRetired> {
  const { input, facts } = world(spec);
  return findRetired(input, facts);
}

function retired(spec: World): string[] {
  const hashes = find(spec).retired;
  return ["web", "old"].filter((name) => hashes.has(murmurHash(name)));
}

function world(spec: World): { input: RetirementInput; facts: Map<Digest, Facts> } {
  const { defined = [["web"]], stageDays = 60, afterDays = 30, pushedDays, newestAt } = spec;
  const { name = "managed-image-old" } = spec;
  const commitDays = spec.commitDays ?? 60;
  const nameDays = "nameDays" in spec ? spec.nameDays : 60;
  const line = lineOf("1", "2");
  const times = [(NOW - commitDays * DAY_MS) / 1000, (NOW - 90 * DAY_MS) / 1000];
  const tags = {
    "managed-image-web": "a",
    [name]: "b",
    [recordOf("1", stageOf("c", NOW - stageDays * DAY_MS), "old")]: "d",
  };
  const definitions = defined.map((images, place): Definition => ({
    reference: `branch b${place}`,
    commit: commitOf(place === newestAt ? "1" : "9") + (spec.isSha256 ? "0".repeat(24) : ""),
    images: imagesOf(images),
  }));
  const created =
    nameDays === undefined ? {} : { created: new Date(NOW - nameDays * DAY_MS).toISOString() };
  return {
    input: {
      tags: Object.entries(tags).map(([tag, letter]) => ({
        tag,
        class: classifyTag(tag),
        digest: digestOf(letter),
        ...(tag === name && pushedDays !== undefined
          ? { pushedAt: NOW - pushedDays * DAY_MS }
          : {}),
      })),
      history: {
        ...line,
        graph: { ...line.graph, times },
        ...(spec.mayBeBehind === true ? { mayBeBehind: true } : {}),
      },
      now: NOW,
      definitions,
      afterMs: afterDays * DAY_MS,
    },
    facts: new Map(
      ["a", "b"].map((letter) => [
        digestOf(letter),
        { kind: "image", config: digestOf("e"), image: { labels: { werf: "shop" }, ...created } },
      ]),
    ),
  };
}

function imagesOf(images: readonly string[] | string | undefined): Definition["images"] {
  if (images === undefined) return { kind: "none" };
  if (typeof images === "string") return { kind: "unknown", why: images };
  return { kind: "names", names: new Set(images) };
}
