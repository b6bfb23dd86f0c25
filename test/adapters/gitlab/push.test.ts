import { expect, it } from "vitest";
import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { openFixture } from "./fixture.ts";

it("a push over an immutable tag is a conflict, and no lack of a login", async () => {
  const { registry, repository, seed, tags } = await openFixture({
    traits: { freezes: (tag) => tag === "frozen" },
  });
  const other = imageOf({ layers: ["other"] });
  seed(imageOf(), ["frozen"]);
  seed(other, []);

  const pushing = registry.putManifest({ ...repository, tag: "frozen" }, other);

  await expect(pushing).rejects.toMatchObject({ code: "conflict", registryCode: "IMMUTABLE_TAG" });
  expect(tags()).toEqual(["frozen"]);
});
