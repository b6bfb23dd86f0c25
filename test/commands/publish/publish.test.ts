import { expect, it } from "vitest";

import { DIGEST, NOW, imageNamed, openWorld, sharedLocks, sourceOf } from "./world.ts";

it("stores an image as a stage under its digest and the time", async () => {
  await using world = await openWorld({ locks: sharedLocks() });

  const result = await world.publish({ images: [imageNamed("app", { stageDigest: DIGEST })] });

  const [stage] = result.images[0]?.stages ?? [];
  expect(result).toMatchObject({
    images: [
      {
        name: "app",
        stages: [{ stageId: `${DIGEST}-${NOW}`, source: "uploaded", createdAt: NOW }],
      },
    ],
    warnings: [],
  });
  expect([...world.state("shop").tags]).toEqual([[`${DIGEST}-${NOW}`, stage?.digest]]);
});

it("uses a stage that is there with two requests when it is old", async () => {
  await using world = await openWorld();
  const images = [imageNamed("app")];
  const first = await world.publish({ images });
  world.requests();

  const second = await world.publish({ images }, { now: () => new Date(NOW + 3_600_000) });

  const { digest, stageId } = first.images[0]?.stages[0] ?? {};
  expect(second.images[0]?.stages[0]).toMatchObject({ digest, stageId, source: "reused" });
  expect(world.requests().map((line) => line.split(" ")[0])).toEqual(["GET", "GET"]);
});

it("uses a stage that is new with three requests", async () => {
  await using world = await openWorld();
  const images = [imageNamed("app")];
  await world.publish({ images });
  world.requests();

  await world.publish({ images });

  expect(world.requests().map((line) => line.split(" ")[0])).toEqual(["GET", "GET", "HEAD"]);
});

it("puts an index over the stages of several platforms", async () => {
  await using world = await openWorld();
  const source = sourceOf({ platform: "linux/amd64" }, { platform: "linux/arm64" });

  const result = await world.publish({ images: [imageNamed("app", { source })] });

  const [image] = result.images;
  expect(image?.index?.stageId).toMatch(/^[0-9a-f]{56}$/);
  expect(world.state("shop").tags.get(image?.index?.stageId ?? "")).toBe(image?.index?.digest);
});
