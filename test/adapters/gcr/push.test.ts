import { expect, it } from "vitest";
import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { openFixture } from "./fixture.ts";

it("a push over an immutable tag is a conflict, and nothing that was sent wrong", async () => {
  const { registry, repository, seed, tags } = await openFixture({
    traits: { immutableTags: true },
  });
  const other = imageOf({ layers: ["other"] });
  seed(imageOf(), ["1.0"]);
  seed(other, []);

  const pushing = registry.putManifest({ ...repository, tag: "1.0" }, other);

  await expect(pushing).rejects.toMatchObject({
    code: "conflict",
    registryCode: "MANIFEST_INVALID",
    hint: expect.stringContaining("immutable"),
  });
  expect(tags()).toEqual(["1.0"]);
});
