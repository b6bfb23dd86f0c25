import { describe, expect, it } from "vitest";
import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { PLACE, openFixture } from "./fixture.ts";

const image = imageOf();

describe("a listing", () => {
  it("takes one request for ten thousand tags, one for a doubt, and two for authorisation", async () => {
    const { registry, repository, seed, requests } = await openFixture();
    seed(
      image,
      Array.from({ length: 10_000 }, (_, at) => `build-${at}`),
    );

    const entries = await Array.fromAsync(registry.listTags(repository));

    expect(entries).toHaveLength(10_000);
    expect(new Set(entries.map(({ digest }) => digest))).toEqual(new Set([image.digest]));
    expect(requests()).toHaveLength(4);
  });

  it("is refused when a page of all ten thousand has lost its link", async () => {
    const { registry, repository, seed } = await openFixture({
      faults: () => [
        { when: ({ path }) => path.endsWith("/tags/list"), fault: { kind: "lost-link" } },
      ],
    });
    seed(
      image,
      Array.from({ length: 10_001 }, (_, at) => `build-${at}`),
    );

    const listed = Array.fromAsync(registry.listTags(repository));

    await expect(listed).rejects.toMatchObject({ code: "protocol" });
  });

  it("has names only where a server in front leaves the rest out", async () => {
    const { registry, repository, seed } = await openFixture({ traits: { isPlain: true } });
    seed(image, ["1.0"]);

    expect(await Array.fromAsync(registry.listTags(repository))).toEqual([{ tag: "1.0" }]);
  });

  it("gives no digest to a tag that moved while its pages were read", async () => {
    const other = imageOf({ labels: { n: "other" } });
    const { registry, repository, seed } = await openFixture({
      traits: { pageSize: 2 },
      faults: (fixture) => [
        {
          when: ({ query }) => query.has("last"),
          times: 1,
          before() {
            fixture().move("d", image);
          },
        },
      ],
    });
    seed(image, ["a", "b"]);
    seed(other, ["c", "d"]);

    const entries = await Array.fromAsync(registry.listTags(repository));

    const digests = Object.fromEntries(entries.map(({ tag, digest }) => [tag, digest]));
    expect(digests).toEqual({ a: image.digest, b: image.digest, c: other.digest, d: image.digest });
  });
});

describe("listRepositories", () => {
  it("walks down from a repository of Artifact Registry, and wants a project", async () => {
    const { registry, seed } = await openFixture();
    const names = ["a", "a/b/c", "d"].map((name) => `${PLACE}/${name}`);
    for (const name of names) seed(image, ["1.0"], name);

    const found = await Array.fromAsync(registry.listRepositories(PLACE));

    expect(found.map(({ name }) => name).toSorted()).toEqual(names);
    await expect(Array.fromAsync(registry.listRepositories(""))).rejects.toMatchObject({
      code: "unsupported",
      hint: expect.stringContaining("project"),
    });
  });
});
