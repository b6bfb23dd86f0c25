import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { image, index, open, push, scratch, tagsOf } from "./fixture.ts";

it("manifests are told with the time their file was written, children and leftovers included", async () => {
  await using place = await scratch();
  await using registry = await open();
  const { repository } = place;
  const child = image("child");
  const parent = index([child]);
  await push(registry, repository, { content: child });
  await push(registry, repository, { content: parent, tag: "index" });
  const leftover = image("leftover");
  await push(registry, repository, { content: leftover });
  const written = Date.UTC(2026, 0, 1);
  for (const { digest } of [child, leftover]) {
    const file = join(place.path, "blobs/sha256", digest.slice("sha256:".length));
    await utimes(file, written / 1000, written / 1000);
  }

  const listed = await Array.fromAsync(registry.listManifests(repository));

  const old = listed.filter(({ pushedAt }) => pushedAt === written).map(({ digest }) => digest);
  expect(new Set(old)).toEqual(new Set([child.digest, leftover.digest]));
  expect(new Set(listed.map(({ digest }) => digest))).toEqual(
    new Set([child.digest, parent.digest, leftover.digest]),
  );
});

it("a manifest that got a tag the caller does not know stays", async () => {
  await using place = await scratch();
  await using registry = await open();
  const { repository } = place;
  const [known, strange] = [image("known"), image("strange")];
  await push(registry, repository, { content: known });
  await push(registry, repository, { content: strange });
  await registry.putManifest({ ...repository, tag: "fresh" }, strange);

  const outcomes = await Array.fromAsync(
    registry.deleteManifests(repository, [known.digest, strange.digest], {
      tags: new Map([
        [known.digest, []],
        [strange.digest, []],
      ]),
    }),
  );

  expect(outcomes).toMatchObject([
    { digest: known.digest, status: "deleted" },
    { digest: strange.digest, status: "failed", error: { code: "conflict" } },
  ]);
  expect(await tagsOf(registry, repository)).toEqual({ fresh: strange.digest });
  expect(await registry.resolve({ ...repository, digest: strange.digest })).toBeDefined();
  expect(await registry.resolve({ ...repository, digest: known.digest })).toBeUndefined();
});
