import { describe, expect, it } from "vitest";
import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { openEcr } from "./harness.ts";
import type { Opened } from "./harness.ts";

const COUNT = 10_000;

describe("ten thousand tags", () => {
  it("are listed with digests and times by ten requests", async () => {
    await using opened = await openEcr();
    seedMany(opened);

    const entries = await Array.fromAsync(opened.registry.listTags(opened.repository));

    expect(entries).toHaveLength(COUNT);
    expect(
      entries.every(({ digest, pushedAt }) => digest !== undefined && pushedAt !== undefined),
    ).toBe(true);
    expect(opened.fake.requests()).toHaveLength(10);
  });

  it("are removed by a hundred and one calls, a first single one among them", async () => {
    await using opened = await openEcr();
    const known = seedMany(opened);
    const [first, ...rest] = [...known.keys()];
    const tags = new Map(known);

    const one = await Array.fromAsync(
      opened.registry.deleteManifests(opened.repository, first === undefined ? [] : [first], {
        tags,
      }),
    );
    const others = await Array.fromAsync(
      opened.registry.deleteManifests(opened.repository, rest, { tags }),
    );

    const settled = [...one, ...others];
    expect(settled).toHaveLength(COUNT);
    expect(settled.every(({ status }) => status === "deleted")).toBe(true);
    expect(opened.state.manifests.size).toBe(0);
    expect(opened.fake.actions()["BatchDeleteImage"]).toBe(101);
  });

  it("are untagged by a hundred calls", async () => {
    await using opened = await openEcr();
    const image = imageOf();
    opened.seed(image, ["kept"]);
    const tags = Array.from({ length: COUNT }, (_, at) => `build-${at}`);
    for (const tag of tags) opened.state.tags.set(tag, image.digest);

    const outcomes = await Array.fromAsync(opened.registry.deleteTags(opened.repository, tags));

    expect(outcomes.every(({ status }) => status === "deleted")).toBe(true);
    expect(opened.tags()).toEqual(["kept"]);
    expect(opened.fake.requests()).toHaveLength(100);
  });
});

/** Tags by digest, one each. */
function seedMany({ state }: Opened): ReadonlyMap<`sha256:${string}`, readonly string[]> {
  const { mediaType } = imageOf();
  const known = new Map<`sha256:${string}`, readonly string[]>();
  for (let at = 0; at < COUNT; at += 1) {
    const digest = `sha256:${at.toString(16).padStart(64, "0")}` as const;
    state.manifests.set(digest, { mediaType, bytes: new Uint8Array(1) });
    state.tags.set(`build-${at}`, digest);
    known.set(digest, [`build-${at}`]);
  }
  return known;
}
