import { describe, expect, it } from "vitest";

import { DIGEST, NOW, imageNamed, openWorld, push, sharedLocks, sourceOf } from "./world.ts";

const STAGE = `${DIGEST}-${NOW - 9}`;
const IMAGES = [imageNamed("app", { stageDigest: DIGEST })];
const THEIRS = sourceOf({ layers: ["theirs", "more"] });
const LAYER = THEIRS.images[0]?.layers[1]?.digest ?? "sha256:";

describe("a stage whose layer the registry has lost", () => {
  it("is marked as rejected, and another is published", async () => {
    await using world = await openWorld({ locks: sharedLocks() });
    const shop = world.state("shop");
    push(shop, THEIRS, STAGE);
    shop.blobs.delete(LAYER);

    const { images, warnings } = await world.publish({ images: IMAGES, checksBlobs: true });

    expect(images[0]?.stages[0]).toMatchObject({ source: "uploaded", stageId: `${DIGEST}-${NOW}` });
    expect(shop.tags.has(`${STAGE}-rejected`)).toBe(true);
    expect(shop.tags.has(STAGE)).toBe(true);
    expect(warnings[0]).toContain(`${STAGE} is broken`);
  });

  it("gets a marker of its own, so that none goes with another that is deleted", async () => {
    const other = { stageDigest: "cd".repeat(28), layers: ["other"] };
    await using world = await openWorld({ locks: sharedLocks() });
    const shop = world.state("shop");
    const others = sourceOf(other);
    push(shop, THEIRS, STAGE);
    push(shop, others, `${other.stageDigest}-${NOW - 9}`);
    for (const source of [THEIRS, others])
      shop.blobs.delete(source.images[0]?.layers[0]?.digest ?? LAYER);

    await world.publish({
      images: [...IMAGES, imageNamed("other", { stageDigest: other.stageDigest })],
      checksBlobs: true,
    });

    const markers = [...shop.tags].filter(([tag]) => tag.endsWith("-rejected"));
    expect(new Set(markers.map(([, digest]) => digest)).size).toBe(2);
  });

  it("is found out when it is copied to the final repository", async () => {
    await using world = await openWorld({
      locks: sharedLocks(),
      fake: { automaticMount: false },
    });
    const shop = world.state("shop");
    push(shop, THEIRS, STAGE);
    shop.blobs.delete(LAYER);

    const { images } = await world.publish({
      images: IMAGES,
      repositories: {
        primary: world.at("shop"),
        final: world.at("final"),
        caches: [],
        secondaries: [],
      },
    });

    const [image] = images;
    expect(image?.stages[0]?.source).toBe("uploaded");
    expect(image?.final?.stages[0]?.stageId).toBe(image?.stages[0]?.stageId);
    expect(shop.tags.has(`${STAGE}-rejected`)).toBe(true);
  });

  it("is left out by this run where it cannot be marked", async () => {
    const refusal = { kind: "status", status: 403, code: "DENIED" } as const;
    await using world = await openWorld({
      locks: sharedLocks(),
      fake: { automaticMount: false },
      faults: [
        {
          when: ({ method, path }) => method === "PUT" && path.endsWith("-rejected"),
          fault: refusal,
        },
      ],
    });
    const shop = world.state("shop");
    push(shop, THEIRS, STAGE);
    shop.blobs.delete(LAYER);

    const { images, warnings } = await world.publish({
      images: IMAGES,
      repositories: {
        primary: world.at("shop"),
        final: world.at("final"),
        caches: [],
        secondaries: [],
      },
    });

    expect(images[0]?.stages[0]?.source).toBe("uploaded");
    expect(warnings.join()).toContain(`the marker ${STAGE}-rejected could not be written`);
  });

  it("is taken as it is listed where nobody asks for its blobs", async () => {
    await using world = await openWorld();
    push(world.state("shop"), THEIRS, STAGE);
    world.state("shop").blobs.delete(LAYER);

    const { images } = await world.publish({ images: IMAGES });

    expect(images[0]?.stages[0]?.stageId).toBe(STAGE);
  });
});

describe("a stage is not marked as rejected", () => {
  it("when its layer is missing only for a moment", async () => {
    const missing = { kind: "status", status: 404, code: "BLOB_UNKNOWN" } as const;
    await using world = await openWorld({
      faults: [{ when: isHeadOf(LAYER), times: 1, fault: missing }],
    });
    push(world.state("shop"), THEIRS, STAGE);

    const { images } = await world.publish({ images: IMAGES, checksBlobs: true });

    expect(images[0]?.stages[0]?.stageId).toBe(STAGE);
    expect([...world.state("shop").tags.keys()]).toEqual([STAGE]);
  });

  it("when the registry does not tell", async () => {
    await using world = await openWorld({
      faults: [{ when: isHeadOf(LAYER), fault: { kind: "status", status: 403 } }],
    });
    push(world.state("shop"), THEIRS, STAGE);

    const publishing = world.publish({ images: IMAGES, checksBlobs: true });

    await expect(publishing).rejects.toMatchObject({ code: "denied" });
    expect([...world.state("shop").tags.keys()]).toEqual([STAGE]);
  });

  it("when its manifest is gone", async () => {
    await using world = await openWorld();
    const shop = world.state("shop");
    shop.manifests.delete(push(shop, THEIRS, STAGE));

    const { images } = await world.publish({ images: IMAGES, checksBlobs: true });

    expect(images[0]?.stages[0]?.source).toBe("uploaded");
    expect(shop.tags.has(`${STAGE}-rejected`)).toBe(false);
  });
});

function isHeadOf(digest: string): (request: { method: string; path: string }) => boolean {
  return ({ method, path }) => method === "HEAD" && path.endsWith(digest);
}
