import { describe, expect, it } from "vitest";

import type { FakeRequest } from "../../../contract-tests/fakes/message.ts";
import type { PublishRepositories } from "../../../src/commands/publish/request.ts";
import { parseImageConfig, parseManifest } from "../../../src/oci/manifest.ts";
import { isLeaseTag, parseLease } from "../../../src/stages/lease.ts";
import type { Lease } from "../../../src/stages/lease.ts";
import { DIGEST, NOW, imageNamed, openWorld, push, sharedLocks, sourceOf } from "./world.ts";
import type { World } from "./world.ts";

const STAGE = `${DIGEST}-${NOW - 9}`;
const OLD = `${DIGEST}-${NOW - 30 * 86_400_000}`;
const FOUND = imageNamed("found", { stageDigest: DIGEST });
const MISSING = imageNamed("missing", { source: sourceOf({ layers: ["missing"] }) });

describe("a run that uses stages while it uploads others", () => {
  it("keeps them by a lease until it is released", async () => {
    await using world = await openWorld({ locks: sharedLocks() });
    push(world.state("shop"), sourceOf(), STAGE);

    const result = await world.publish({ images: [FOUND, MISSING] });

    expect(leasesIn(world)).toMatchObject([{ kind: "publish", stages: [STAGE] }]);
    await result.release();
    expect(leasesIn(world)).toEqual([]);
    expect(world.state("shop").tags.has(STAGE)).toBe(true);
  });

  it("keeps their index too", async () => {
    await using world = await openWorld({ locks: sharedLocks() });
    const source = sourceOf({ platform: "linux/amd64" }, { platform: "linux/arm64" });
    const both = imageNamed("both", { source, stageDigest: DIGEST });
    const [{ index, stages } = { stages: [] }] = (await world.publish({ images: [both] })).images;

    await world.publish({ images: [both, MISSING] });

    const used = [...stages.map(({ stageId }) => stageId), index?.stageId];
    expect(leasesIn(world)).toMatchObject([{ kind: "publish", stages: used }]);
  });

  it("keeps those, too, that come from a secondary repository as old as they are", async () => {
    await using world = await openWorld({ locks: sharedLocks() });
    push(world.state("other"), sourceOf(), OLD);
    const repositories = {
      primary: world.at("shop"),
      caches: [],
      secondaries: [world.at("other")],
    };

    const result = await world.publish({ images: [FOUND, MISSING], repositories });

    expect(result.images[0]?.stages[0]).toMatchObject({ source: "secondary", stageId: OLD });
    expect(leasesIn(world)).toMatchObject([{ kind: "publish", stages: [OLD] }]);
  });

  it("takes the lease back when it fails", async () => {
    await using world = await openWorld({ locks: sharedLocks() });
    push(world.state("shop"), sourceOf(), STAGE);
    const lost = imageNamed("lost", {
      source: { ...MISSING.source, openBlob: () => failing() },
    });

    await expect(world.publish({ images: [FOUND, lost] })).rejects.toThrow("the disk is gone");

    expect(leasesIn(world)).toEqual([]);
  });

  it("goes on without one where it could not be taken back", async () => {
    await using world = await openWorld({
      fake: { manifestDeletion: "405", tagDeletion: "405" },
      locks: sharedLocks(),
    });
    push(world.state("shop"), sourceOf(), STAGE);

    const result = await world.publish({ images: [FOUND, MISSING] });

    expect(leasesIn(world)).toEqual([]);
    expect(result.images).toHaveLength(2);
  });
});

it.each([
  ["finds everything", [FOUND]],
  ["finds nothing", [MISSING]],
])("a run that %s writes no lease", async (_, images) => {
  await using world = await openWorld({ locks: sharedLocks() });
  push(world.state("shop"), sourceOf(), STAGE);

  await world.publish({ images });

  expect(leasesIn(world)).toEqual([]);
});

describe("a run that finds everything, and brings it to the final repository", () => {
  const rolesOf = (world: World): PublishRepositories => ({
    primary: world.at("shop"),
    final: world.at("final"),
    caches: [],
    secondaries: [],
  });

  it("keeps it by a lease meanwhile", async () => {
    await using world = await openWorld({ locks: sharedLocks() });
    push(world.state("shop"), sourceOf(), STAGE);
    const request = { images: [FOUND], repositories: rolesOf(world) };

    const first = await world.publish(request);

    expect(leasesIn(world)).toMatchObject([{ kind: "publish", stages: [STAGE] }]);
    await first.release();
    await world.publish(request);
    expect(leasesIn(world)).toEqual([]);
  });

  it("looks again whether it is there", async () => {
    let opened: World | undefined;
    const onRequest = ({ method, path }: FakeRequest): void => {
      const isCopied = method === "PUT" && path.startsWith("/v2/final/manifests/");
      if (isCopied) opened?.state("shop").tags.delete(OLD);
    };
    await using world = await openWorld({ locks: sharedLocks(), fake: { onRequest } });
    opened = world;
    push(world.state("shop"), sourceOf(), OLD);

    const { images } = await world.publish({ images: [FOUND], repositories: rolesOf(world) });

    const { stageId = "", digest } = images[0]?.stages[0] ?? {};
    expect(world.state("shop").tags.get(stageId)).toBe(digest);
  });

  it("brings what the primary repository has, whatever a cache has under that name", async () => {
    await using world = await openWorld({ locks: sharedLocks() });
    const digest = push(world.state("shop"), sourceOf(), OLD);
    push(world.state("cache"), sourceOf({ layers: ["other"] }), OLD);
    const repositories = { ...rolesOf(world), caches: [world.at("cache")] };

    const { images } = await world.publish({ images: [FOUND], repositories });

    expect(images[0]?.final?.stages[0]?.digest).toBe(digest);
    expect(world.state("final").tags.get(OLD)).toBe(digest);
  });
});

it("a run that finds everything, and takes its time over caches, looks again whether it is there", async () => {
  let opened: World | undefined;
  let time = NOW;
  const onRequest = ({ method, path }: FakeRequest): void => {
    if (method !== "PUT" || !path.startsWith("/v2/cache/manifests/")) return;
    time += 60_000;
    opened?.state("shop").tags.delete(OLD);
  };
  await using world = await openWorld({ locks: sharedLocks(), fake: { onRequest } });
  opened = world;
  push(world.state("shop"), sourceOf(), OLD);
  const repositories = { primary: world.at("shop"), caches: [world.at("cache")], secondaries: [] };

  const { images } = await world.publish(
    { images: [FOUND], repositories },
    { now: () => new Date(time) },
  );

  const { stageId = "", digest } = images[0]?.stages[0] ?? {};
  expect(world.state("shop").tags.get(stageId)).toBe(digest);
});

describe("the first failure", () => {
  it.each([
    ["nothing was published before it", "RegistryError", 1],
    ["something was", "UnfinishedError", 0],
  ])("is told apart by whether %s", async (_, name, at) => {
    const denied = { kind: "status", status: 403, code: "DENIED" } as const;
    const when = ({ method, path }: FakeRequest): boolean =>
      method === "PUT" && path.includes(`/manifests/${DIGEST}-`);
    await using world = await openWorld({
      locks: sharedLocks(),
      faults: [{ when, fault: denied }],
    });
    const images = at === 0 ? [MISSING, FOUND] : [FOUND, MISSING];

    const publishing = world.publish({ images }, { parallel: 1 });

    await expect(publishing).rejects.toMatchObject({ name });
  });

  it("cancels the rest and is what the run ends with", async () => {
    await using world = await openWorld({ locks: sharedLocks() });
    let isCancelled = false;
    const broken = imageNamed("broken", {
      source: { ...sourceOf({ layers: ["broken"] }), openBlob: () => failing() },
    });
    const endless = imageNamed("endless", {
      source: {
        ...sourceOf({ layers: ["endless"] }),
        async *openBlob(_digest, _from, signal) {
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          isCancelled = true;
          yield new Uint8Array();
        },
      },
    });

    await expect(world.publish({ images: [endless, broken] })).rejects.toThrow("the disk is gone");

    expect(isCancelled).toBe(true);
    expect(world.state("shop").tags.size).toBe(0);
  });
});

function leasesIn(world: World): (Lease | undefined)[] {
  const { tags, manifests, blobs } = world.state("shop");
  return [...tags].flatMap(([tag, digest]) => {
    if (!isLeaseTag(tag)) return [];
    const stored = manifests.get(digest);
    const manifest = stored === undefined ? undefined : parseManifest(stored);
    const config = manifest?.kind === "image" ? blobs.get(manifest.config.digest) : undefined;
    return [config === undefined ? undefined : parseLease(parseImageConfig(config).labels)];
  });
}

// oxlint-disable-next-line require-yield
async function* failing(): AsyncGenerator<Uint8Array> {
  throw new Error("the disk is gone");
}
