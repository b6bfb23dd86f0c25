import { describe, expect, it } from "vitest";

import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import {
  DIGEST,
  NOW,
  imageNamed,
  methodsOf,
  openWorld,
  push,
  sharedLocks,
  sourceOf,
} from "./world.ts";
import type { World } from "./world.ts";
import type { PublishRepositories } from "../../../src/commands/publish/request.ts";

const STAGE = `${DIGEST}-${NOW - 9}`;
const IMAGES = [imageNamed("app", { stageDigest: DIGEST })];
const THEIRS = sourceOf({ layers: ["theirs", "more"] });
const BOTH = sourceOf({ platform: "linux/amd64" }, { platform: "linux/arm64" });

describe("a secondary repository", () => {
  it("gives a stage that the primary one lacks, under its own id", async () => {
    await using world = await openWorld({ locks: sharedLocks() });
    const digest = push(world.state("other"), THEIRS, STAGE);

    const { images } = await world.publish({ images: IMAGES, ...roles(world, { secondaries: 1 }) });

    expect(images[0]?.stages[0]).toMatchObject({ stageId: STAGE, digest, source: "secondary" });
    expect(world.state("shop").tags.get(STAGE)).toBe(digest);
    expect(
      world.requests().filter((line) => /^(PUT|POST|PATCH|DELETE) other\//.test(line)),
    ).toEqual([]);
  });

  it("is not asked for what the primary one has", async () => {
    await using world = await openWorld();
    push(world.state("shop"), THEIRS, STAGE);

    await world.publish({ images: IMAGES, ...roles(world, { secondaries: 1 }) });

    expect(world.requests().filter((line) => line.includes(" other/"))).toEqual([]);
  });

  it("is asked in its turn", async () => {
    await using world = await openWorld();
    push(world.state("other"), THEIRS, STAGE);
    push(world.state("other-2"), sourceOf({ layers: ["x"] }), `${DIGEST}-${NOW - 99}`);

    const { images } = await world.publish({ images: IMAGES, ...roles(world, { secondaries: 2 }) });

    expect(images[0]?.stages[0]?.stageId).toBe(STAGE);
  });

  it("does not bring back what the primary one has rejected", async () => {
    await using world = await openWorld();
    push(world.state("other"), THEIRS, STAGE);
    push(world.state("shop"), sourceOf(), `${STAGE}-rejected`);

    const { images } = await world.publish({ images: IMAGES, ...roles(world, { secondaries: 1 }) });

    expect(images[0]?.stages[0]?.source).toBe("uploaded");
  });

  it.each([
    ["cannot be listed", "other/tags/list"],
    ["does not give its blobs", `other/blobs/${THEIRS.images[0]?.layers[0]?.digest}`],
  ])("that %s is left out, and that is said", async (_, path) => {
    const refusal = { kind: "status", status: 403, code: "DENIED" } as const;
    await using world = await openWorld({
      faults: [{ when: (request) => request.path === `/v2/${path}`, fault: refusal }],
      fake: { automaticMount: false },
    });
    push(world.state("other"), THEIRS, STAGE);

    const { images } = await world.publish(
      {
        images: IMAGES,
        ...roles(world, { secondaries: 1 }),
      },
      { openRegistry: world.openUnmounting },
    );

    expect(images[0]?.stages[0]?.source).toBe("uploaded");
    expect(world.warnings.join()).toMatch(/secondary repository \S+\/other is left out: .*denied/);
  });
});

describe("a cache", () => {
  it("is filled with what was uploaded, copied and found", async () => {
    await using world = await openWorld();
    const found = sourceOf({ layers: ["found"] });
    push(world.state("shop"), found, STAGE);
    const copied = `${"cd".repeat(28)}-${NOW - 3}`;
    push(world.state("other"), THEIRS, copied);
    const images = [
      imageNamed("found", { stageDigest: DIGEST }),
      imageNamed("copied", { stageDigest: "cd".repeat(28) }),
      imageNamed("uploaded"),
    ];

    const result = await world.publish({
      images,
      ...roles(world, { secondaries: 1, caches: 1 }),
    });

    expect(result.images.map(({ stages }) => stages[0]?.source)).toEqual([
      "reused",
      "secondary",
      "uploaded",
    ]);
    expect(Object.fromEntries(world.state("cache").tags)).toEqual(
      Object.fromEntries(
        result.images.flatMap(({ stages }) => stages.map((stage) => [stage.stageId, stage.digest])),
      ),
    );
  });

  it("is read before the primary one", async () => {
    await using world = await openWorld();
    const digest = push(world.state("shop"), THEIRS, STAGE);
    push(world.state("cache"), THEIRS, STAGE);

    const { images } = await world.publish({ images: IMAGES, ...roles(world, { caches: 1 }) });

    expect(images[0]?.stages[0]).toMatchObject({ digest, source: "cache" });
    const requests = world.requests();
    expect(requests.filter((line) => line.startsWith("GET shop/manifests"))).toEqual([]);
    expect(methodsOf(requests.filter((line) => line.includes(" cache/")))).toEqual(["GET", "GET"]);
  });

  it("that has something else under the tag is not believed", async () => {
    await using world = await openWorld();
    const digest = push(world.state("shop"), THEIRS, STAGE);
    push(world.state("cache"), sourceOf(), STAGE);
    const now = (): Date => new Date(NOW + 24 * 3_600_000);

    const { images } = await world.publish(
      { images: IMAGES, ...roles(world, { caches: 1 }) },
      { now },
    );

    expect(images[0]?.stages[0]?.digest).toBe(digest);
  });

  it("that refuses everything is a warning", async () => {
    const refusal = { kind: "status", status: 403, code: "DENIED" } as const;
    await using world = await openWorld({
      faults: [{ when: ({ path }) => path.startsWith("/v2/cache"), fault: refusal }],
    });

    const { images } = await world.publish({ images: IMAGES, ...roles(world, { caches: 1 }) });

    expect(images[0]?.stages[0]?.source).toBe("uploaded");
    expect(world.warnings.join()).toMatch(/cache \S+\/cache .*denied/);
  });
});

describe("the final repository", () => {
  it("gets images that are final, and their index after their stages", async () => {
    await using world = await openWorld();
    const images = [
      imageNamed("app", { source: BOTH }),
      imageNamed("tool", { source: sourceOf({ layers: ["tool"] }), isFinal: false }),
    ];

    const result = await world.publish({ images, ...roles(world, { final: true }) });

    const [app, tool] = result.images;
    const stored = [...(app?.stages ?? []), ...(app?.index === undefined ? [] : [app.index])];
    expect(Object.fromEntries(world.state("final").tags)).toEqual(
      Object.fromEntries(stored.map(({ stageId, digest }) => [stageId, digest])),
    );
    expect(app?.final?.index?.digest).toBe(app?.index?.digest);
    expect(app?.final?.stages.map(({ digest }) => digest)).toEqual(
      app?.stages.map(({ digest }) => digest),
    );
    expect(tool?.final).toBeUndefined();
  });

  it("keeps what it has under the tag, and the result tells that", async () => {
    await using world = await openWorld();
    push(world.state("shop"), THEIRS, STAGE);
    const digest = push(world.state("final"), sourceOf({ layers: ["other"] }), STAGE);

    const { images } = await world.publish({ images: IMAGES, ...roles(world, { final: true }) });

    expect(world.state("final").tags.get(STAGE)).toBe(digest);
    expect(images[0]?.final?.stages[0]?.digest).toBe(digest);
    expect(world.warnings).toHaveLength(1);
  });

  it("gets the stage that is used in the end, when another was lost after it was copied", async () => {
    let isLost = false;
    const faults: FaultRule[] = [
      {
        when: ({ method, path }) => method === "PUT" && path.startsWith("/v2/final/manifests/"),
        times: 1,
        before: () => void (isLost = true),
      },
      {
        when: ({ method, path }) =>
          isLost && method === "HEAD" && path.includes("/shop/manifests/"),
        times: 1,
        before: () => world.state("shop").tags.clear(),
      },
    ];
    await using world = await openWorld({ faults, locks: sharedLocks() });

    const { images } = await world.publish(
      { images: IMAGES, ...roles(world, { final: true }) },
      { random: spread() },
    );

    const [image] = images;
    expect(world.state("shop").tags.size).toBe(1);
    expect(world.state("final").tags.size).toBe(2);
    expect(image?.final?.stages[0]?.stageId).toBe(image?.stages[0]?.stageId);
  });

  it("that refuses ends the run", async () => {
    const refusal = { kind: "status", status: 403, code: "DENIED" } as const;
    await using world = await openWorld({
      faults: [{ when: ({ path }) => path.startsWith("/v2/final"), fault: refusal }],
    });

    const publishing = world.publish({ images: IMAGES, ...roles(world, { final: true }) });

    await expect(publishing).rejects.toMatchObject({
      name: "UnfinishedError",
      cause: { code: "denied" },
    });
    expect(world.state("shop").tags.size).toBe(1);
  });

  it("costs a listing and a look at each tag when all is there", async () => {
    await using world = await openWorld();
    const now = (): Date => new Date(NOW + 24 * 3_600_000);
    const request = { images: IMAGES, ...roles(world, { final: true }) };
    await world.publish(request);
    world.requests();

    await world.publish(request, { now });

    expect(methodsOf(world.requests().filter((line) => line.includes(" final/")))).toEqual([
      "GET",
      "HEAD",
    ]);
  });

  it("is copied to without sending a byte again", async () => {
    await using world = await openWorld();

    await world.publish({ images: IMAGES, ...roles(world, { final: true }) });

    const requests = world.requests();
    expect(requests.filter((line) => line.startsWith("HEAD final/blobs"))).toEqual([]);
    const uploads = requests.filter((line) => line.startsWith("POST final/blobs/uploads"));
    expect(uploads.every((line) => line.includes("from=shop"))).toBe(true);
    expect(uploads.length).toBeGreaterThan(0);
  });
});

/** Numbers that differ each time. */
function spread(): () => number {
  let at = 0;
  return () => (at += 0.1) % 1;
}

function roles(
  world: World,
  {
    final = false,
    caches = 0,
    secondaries = 0,
  }: {
    readonly final?: boolean;
    readonly caches?: number;
    readonly secondaries?: number;
  },
): { readonly repositories: PublishRepositories } {
  const named = (name: string, count: number): PublishRepositories["caches"] =>
    Array.from({ length: count }, (_, at) => world.at(at === 0 ? name : `${name}-${at + 1}`));
  return {
    repositories: {
      primary: world.at("shop"),
      ...(final ? { final: world.at("final") } : {}),
      caches: named("cache", caches),
      secondaries: named("other", secondaries),
    },
  };
}
