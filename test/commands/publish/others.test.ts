import { describe, expect, it } from "vitest";

import type { Fault, FaultRule } from "../../../contract-tests/fakes/faults.ts";
import type { FakeRequest } from "../../../contract-tests/fakes/message.ts";
import { LockError } from "../../../src/locks/lock.ts";
import type { HeldLock } from "../../../src/locks/lock.ts";
import { DIGEST, NOW, imageNamed, openWorld, push, sharedLocks, sourceOf } from "./world.ts";
import type { World, WorldSpec } from "./world.ts";

const IMAGES = [imageNamed("app", { stageDigest: DIGEST })];
const OURS = `${DIGEST}-${NOW}`;
const EARLIER = `${DIGEST}-${NOW - 5}`;
const LATER = `${DIGEST}-${NOW + 5}`;
const THEIRS = sourceOf({ layers: ["theirs"] });

describe("somebody publishes the same stage", () => {
  it("before the list that is taken under the lock, and ours is discarded", async () => {
    let lists = 0;
    const rule = before(isList, (world) => {
      lists += 1;
      if (lists === 2) push(world.state("shop"), THEIRS, LATER);
    });
    await using world = await openMeanwhile({ locks: sharedLocks() }, rule);

    const { images } = await world.publish({ images: IMAGES });

    expect(images[0]?.stages[0]).toMatchObject({ stageId: LATER, source: "reused" });
    expect([...world.state("shop").tags.keys()]).toEqual([LATER]);
  });

  it("and the list does not show it, under the tag that ours would have: theirs stays and is used", async () => {
    const rule = before(isManifest("PUT", /^sha256:/), (world) => {
      push(world.state("shop"), THEIRS, OURS);
    });
    const stale: FaultRule = { when: isList, fault: emptyList() };
    await using world = await openMeanwhile({ locks: sharedLocks(), faults: [stale] }, rule);

    const { images } = await world.publish({ images: IMAGES });

    const [stage] = images[0]?.stages ?? [];
    expect(stage).toMatchObject({ stageId: OURS, source: "reused", digest: theirDigest() });
    expect(world.state("shop").tags.get(OURS)).toBe(theirDigest());
  });

  it("under the same tag at the same moment: what is there afterwards is used", async () => {
    const rule = before(isManifest("HEAD", OURS), (world) => {
      const { tags } = world.state("shop");
      if (tags.has(OURS)) push(world.state("shop"), THEIRS, OURS);
    });
    await using world = await openMeanwhile({ locks: sharedLocks() }, rule);

    const { images } = await world.publish({ images: IMAGES });

    expect(images[0]?.stages[0]).toMatchObject({
      stageId: OURS,
      digest: theirDigest(),
      source: "reused",
    });
  });

  it("after ours was seen, over it: the end of the run tells what is there", async () => {
    let heads = 0;
    const rule = before(isManifest("HEAD", OURS), (world) => {
      heads += 1;
      if (heads === 3) push(world.state("shop"), THEIRS, OURS);
    });
    await using world = await openMeanwhile({ locks: sharedLocks() }, rule);

    const { images } = await world.publish({ images: IMAGES });

    expect(images[0]?.stages[0]).toMatchObject({ stageId: OURS, digest: theirDigest() });
  });

  it("without a lock, with an older time: theirs is used, and ours stays", async () => {
    const rule = before(isManifest("PUT", OURS), (world) => {
      push(world.state("shop"), THEIRS, EARLIER);
    });
    await using world = await openMeanwhile({}, rule);

    const { images } = await world.publish({ images: IMAGES });

    expect(images[0]?.stages[0]).toMatchObject({ stageId: EARLIER, source: "reused" });
    expect([...world.state("shop").tags.keys()].toSorted()).toEqual([EARLIER, OURS]);
  });

  it("without a lock, with a later time: ours is used", async () => {
    const rule = before(isManifest("PUT", OURS), (world) => {
      push(world.state("shop"), THEIRS, LATER);
    });
    await using world = await openMeanwhile({}, rule);

    const { images } = await world.publish({ images: IMAGES });

    expect(images[0]?.stages[0]).toMatchObject({ stageId: OURS, source: "uploaded" });
  });

  it("and its tag cannot be changed: theirs is used", async () => {
    const rule = before(isManifest("PUT", OURS), (world) => {
      push(world.state("shop"), THEIRS, OURS);
    });
    await using world = await openMeanwhile(
      { locks: sharedLocks(), fake: { immutableTags: true } },
      rule,
    );

    const { images } = await world.publish({ images: IMAGES });

    expect(images[0]?.stages[0]).toMatchObject({ stageId: OURS, digest: theirDigest() });
  });
});

describe("a list that lags behind", () => {
  it("does not hide what this run has published", async () => {
    const stale: FaultRule = { when: isList, fault: emptyList() };
    await using world = await openWorld({ faults: [stale] });

    const { images } = await world.publish({ images: IMAGES });

    expect(images[0]?.stages[0]).toMatchObject({ stageId: OURS, source: "uploaded" });
  });
});

describe("a stage that a cleanup removes before the run ends", () => {
  it("is published anew", async () => {
    let heads = 0;
    const rule = before(isManifest("HEAD", OURS), (world) => {
      heads += 1;
      if (heads === 3) world.state("shop").tags.delete(OURS);
    });
    await using world = await openMeanwhile({ locks: sharedLocks() }, rule);

    const { images } = await world.publish({ images: IMAGES });

    expect(world.state("shop").tags.has(images[0]?.stages[0]?.stageId ?? "")).toBe(true);
    expect(world.warnings.join()).toContain("is gone; it is published anew");
  });

  it("is published anew though it is old, where others were uploaded meanwhile", async () => {
    const old = `${DIGEST}-${NOW - 30 * 86_400_000}`;
    const rule = before(isManifest("PUT", /-\d{13}$/), (world) => {
      world.state("shop").tags.delete(old);
    });
    await using world = await openMeanwhile({ locks: sharedLocks() }, rule);
    push(world.state("shop"), THEIRS, old);
    const missing = imageNamed("missing", { source: sourceOf({ layers: ["missing"] }) });

    const { images } = await world.publish({ images: [...IMAGES, missing] });

    expect(images[0]?.stages[0]).toMatchObject({ stageId: OURS, source: "uploaded" });
  });

  it("is in no index", async () => {
    const heads = new Map<string, number>();
    const rule = before(isManifest("HEAD", /-\d{13}$/), (world, { path }) => {
      const count = (heads.get(path) ?? 0) + 1;
      heads.set(path, count);
      const [first = ""] = heads.keys();
      if (count === 3 && path === first) world.state("shop").tags.delete(tagIn(path));
    });
    await using world = await openMeanwhile({ locks: sharedLocks() }, rule);
    const source = sourceOf({ platform: "linux/amd64" }, { platform: "linux/arm64" });

    const { images } = await world.publish({ images: [imageNamed("app", { source })] }, clock());

    const index = images[0]?.index?.stageId ?? "";
    const written = world
      .requests()
      .filter((line) => /^PUT shop\/manifests\/[0-9a-f]{56}$/.test(line));
    expect(written).toEqual([`PUT shop/manifests/${index}`]);
    expect(world.warnings.join()).toContain("is gone; it is published anew");
    expect([...world.state("shop").tags.keys()]).toEqual(
      expect.arrayContaining(images[0]?.stages.map(({ stageId }) => stageId) ?? []),
    );
  });

  it("ends the run when that goes on", async () => {
    const heads = new Map<string, number>();
    const rule = before(isManifest("HEAD", /-\d{13}$/), (world, { path }) => {
      const count = (heads.get(path) ?? 0) + 1;
      heads.set(path, count);
      if (count % 3 === 0) world.state("shop").tags.clear();
    });
    await using world = await openMeanwhile({ locks: sharedLocks() }, rule);

    await expect(world.publish({ images: IMAGES })).rejects.toThrow(
      /it vanishes each time it is published/,
    );
  });
});

describe("a lock", () => {
  it("that is lost half-way is trusted no more: the oldest stage is used", async () => {
    const lost = new AbortController();
    const rule = before(isManifest("PUT", OURS), (world) => {
      push(world.state("shop"), THEIRS, EARLIER);
      lost.abort(new LockError("lost", "lost"));
    });
    const locks = sharedLocks({ acquire: () => Promise.resolve(held({ signal: lost.signal })) });
    await using world = await openMeanwhile({ locks }, rule);

    const { images } = await world.publish({ images: IMAGES });

    expect(images[0]?.stages[0]).toMatchObject({ stageId: EARLIER, source: "reused" });
  });

  it.each([
    ["that is about to end", held({ remainingMs: () => 500 }), "everywhere"],
    ["that others elsewhere do not see", held({}), "machine"],
  ] as const)("%s is as good as none", async (_, lock, reach) => {
    const rule = before(isManifest("PUT", OURS), (world) => {
      push(world.state("shop"), THEIRS, EARLIER);
    });
    const locks = sharedLocks({ reach, acquire: () => Promise.resolve(lock) });
    await using world = await openMeanwhile({ locks }, rule);

    const { images } = await world.publish({ images: IMAGES });

    expect(images[0]?.stages[0]?.stageId).toBe(EARLIER);
  });

  it("is named by the project and the stage's digest, and given back", async () => {
    const names: string[] = [];
    let released = 0;
    const locks = sharedLocks({
      acquire(name) {
        names.push(name);
        return Promise.resolve(held({ release: async () => void (released += 1) }));
      },
    });
    await using world = await openWorld({ locks });

    await world.publish({ images: IMAGES });

    expect({ names, released }).toEqual({ names: [`shop.${DIGEST}`], released: 1 });
  });

  it.each(["busy", "unavailable", "refused"] as const)(
    "that cannot be had (%s) is done without, and that is said",
    async (code) => {
      const error = new LockError(code, "lock shop.ab cannot be had");
      await using world = await openWorld({
        locks: sharedLocks({ acquire: () => Promise.reject(error) }),
      });

      const { images, warnings } = await world.publish({ images: IMAGES });

      expect(images[0]?.stages[0]?.source).toBe("uploaded");
      expect(warnings).toEqual(["lock shop.ab cannot be had; publishing goes on without a lock"]);
    },
  );

  it("that cannot be had ends the run where it is required", async () => {
    const error = new LockError("busy", "lock shop.ab cannot be had");
    await using world = await openWorld({
      locks: sharedLocks({ acquire: () => Promise.reject(error) }),
    });
    const lock = { synchronization: { kind: "local" }, waitMs: 0, otherwise: "fail" } as const;

    await expect(world.publish({ images: IMAGES, lock })).rejects.toBe(error);
    expect(world.state("shop").tags.size).toBe(0);
  });

  it("is not asked for when nothing is to be published", async () => {
    const locks = sharedLocks({ acquire: () => Promise.reject(new Error("asked")) });
    await using world = await openWorld({ locks });
    push(world.state("shop"), THEIRS, EARLIER);

    const { images } = await world.publish({ images: IMAGES });

    expect(images[0]?.stages[0]?.stageId).toBe(EARLIER);
  });
});

describe("several publishers without a lock", () => {
  it("leave readers agreeing on the oldest stage, and each stage where it was", async () => {
    await using world = await openWorld();
    let at = 0;
    const random = (): number => (at += 0.037) % 1;

    const results = await Promise.all(
      Array.from({ length: 8 }, (_, one) =>
        world.publish(
          {
            images: [
              imageNamed("app", { stageDigest: DIGEST, source: sourceOf({ layers: [`${one}`] }) }),
            ],
          },
          { random },
        ),
      ),
    );

    const { tags } = world.state("shop");
    for (const { images } of results) {
      const { stageId = "", digest } = images[0]?.stages[0] ?? {};
      expect(tags.get(stageId)).toBe(digest);
    }
    const after = await world.publish({ images: IMAGES });
    expect(after.images[0]?.stages[0]?.stageId).toBe([...tags.keys()].toSorted()[0]);
  });
});

function tagIn(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A clock that goes on by a second each time it is read. */
function clock(): { readonly now: () => Date; readonly parallel: number } {
  let time = NOW;
  return { now: () => new Date((time += 1_000)), parallel: 1 };
}

interface Meanwhile {
  readonly when: (request: FakeRequest) => boolean;
  readonly act: (world: World, request: FakeRequest) => void;
}

function before(when: (request: FakeRequest) => boolean, act: Meanwhile["act"]): Meanwhile {
  return { when, act };
}

/** A world in which something happens just before a request is served. */
async function openMeanwhile(spec: WorldSpec, { when, act }: Meanwhile): Promise<World> {
  let opened: World | undefined;
  const onRequest = (request: FakeRequest): void => {
    if (opened !== undefined && when(request)) act(opened, request);
  };
  opened = await openWorld({ ...spec, fake: { ...spec.fake, onRequest } });
  return opened;
}

function isList({ method, path }: FakeRequest): boolean {
  return method === "GET" && path.endsWith("/tags/list");
}

function isManifest(method: string, key: string | RegExp): (request: FakeRequest) => boolean {
  return (request) => {
    const [, found = ""] = /\/manifests\/(.+)$/.exec(request.path) ?? [];
    if (request.method !== method) return false;
    return typeof key === "string" ? found === key : key.test(found);
  };
}

function emptyList(): Fault {
  const body = new TextEncoder().encode('{"name":"shop","tags":[]}');
  const headers = { "content-type": "application/json" };
  return { kind: "answer", response: { status: 200, headers, body } };
}

function theirDigest(): string | undefined {
  return THEIRS.images[0]?.manifest.digest;
}

function held(more: Partial<HeldLock>): HeldLock {
  return {
    name: "lock",
    signal: new AbortController().signal,
    remainingMs: () => 10_000,
    release: () => Promise.resolve(),
    ...more,
  };
}
