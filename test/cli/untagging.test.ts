import { expect, it } from "vitest";
import { openWorld, stage } from "./world.ts";
import type { World, WorldSpec } from "./world.ts";

/** A stage that goes, with a tag of somebody else on its manifest. */
const SHARED: NonNullable<WorldSpec["registry"]> = {
  stages: [stage("s1"), stage("s3")],
  records: [
    ["shop", "c1", "s1"],
    ["shop", "c3", "s3"],
  ],
  foreign: [{ tag: "production", sameDigestAs: "s1" }],
};

it("a registry that removes the manifest with one of its tags gets it back, and the run ends", async () => {
  let world: World | undefined;
  const takesSiblings = ({ method, path }: { method: string; path: string }): void => {
    const tag = path.split("/manifests/")[1] ?? "";
    const tags = world?.registry.state.repositories.get("acme/shop")?.tags;
    const digest = tags?.get(tag);
    if (method !== "DELETE" || tags === undefined || digest === undefined) return;
    for (const [sibling, other] of tags)
      if (other === digest && sibling !== tag) tags.delete(sibling);
    world?.registry.state.repositories.get("acme/shop")?.manifests.delete(digest);
  };
  await using opened = await openWorld({
    registry: SHARED,
    fake: { onRequest: takesSiblings },
  });
  world = opened;
  const before = opened.tags();

  const run = await opened.run(["cleanup"]);

  expect(run.exit).toBe(1);
  expect(run.stderr).toContain("it was put back as production");
  expect(opened.tags()["production"]).toBe(before["production"]);
  expect(opened.tags()[opened.tag("s3")]).toBe(before[opened.tag("s3")]);
});

it("a registry that keeps the manifest is asked once for the whole run", async () => {
  await using world = await openWorld({ registry: SHARED });

  const run = await world.run(["cleanup"]);

  expect(run.exit).toBe(0);
  expect(world.tags()[world.tag("s1")]).toBeUndefined();
  expect(world.tags()["production"]).toBeDefined();
});
