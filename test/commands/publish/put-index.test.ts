import { expect, it } from "vitest";

import type { FakeRequest } from "../../../contract-tests/fakes/message.ts";
import type { World } from "./world.ts";
import { imageNamed, openWorld, sharedLocks, sourceOf } from "./world.ts";

const IMAGES = [
  imageNamed("app", { source: sourceOf({ platform: "linux/amd64" }, { platform: "linux/arm64" }) }),
];

it("uses the index that another wrote at the same moment, where its tag cannot be changed", async () => {
  let world: World | undefined;
  const onRequest = ({ method, path, body }: FakeRequest): void => {
    const tag = /manifests\/([0-9a-f]{56})$/.exec(path)?.[1];
    if (method !== "PUT" || tag === undefined || world === undefined) return;
    const { schemaVersion, mediaType, manifests } = JSON.parse(new TextDecoder().decode(body));
    const bytes = new TextEncoder().encode(
      JSON.stringify({ mediaType, schemaVersion, manifests }, undefined, 1),
    );
    world.state("shop").tags.set(tag, world.store("shop", { mediaType, bytes }));
  };
  world = await openWorld({ locks: sharedLocks(), fake: { immutableTags: true, onRequest } });
  await using opened = world;

  const { images } = await opened.publish({ images: IMAGES });

  const { stageId = "", digest, isNew } = images[0]?.index ?? {};
  expect({ digest, isNew }).toEqual({
    digest: opened.state("shop").tags.get(stageId),
    isNew: false,
  });
});
