import { setTimeout } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import { zotLike } from "../../../contract-tests/fakes/personality.ts";
import { isTagList } from "../../../contract-tests/suite/harness.ts";
import type { FakeRequest } from "../../../contract-tests/fakes/message.ts";
import { DOCKER_INDEX, OCI_INDEX, OCI_MANIFEST } from "../../../src/oci/media-type.ts";
import { recordImage } from "../../../src/stages/record.ts";
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

const HOUR_MS = 3_600_000;

describe("a stage that is not there", () => {
  it("is stored under its digest and the time", async () => {
    await using world = await openWorld({ locks: sharedLocks() });

    const result = await world.publish({ images: [imageNamed("app", { stageDigest: DIGEST })] });

    const [stage] = result.images[0]?.stages ?? [];
    const stageId = `${DIGEST}-${NOW}`;
    expect(stage).toMatchObject({ stageId, source: "uploaded", createdAt: NOW });
    expect([...world.state("shop").tags]).toEqual([[stageId, stage?.digest]]);
    expect(result.tags).toEqual(new Set([stageId]));
  });

  it("carries the labels of a stage and keeps its layers", async () => {
    await using world = await openWorld();
    const source = sourceOf();

    const result = await world.publish({
      images: [imageNamed("app", { source, labels: { a: "b" } })],
    });

    const [stage] = result.images[0]?.stages ?? [];
    const config = world.state("shop").blobs.get(stage?.configDigest ?? "sha256:");
    expect(JSON.parse(new TextDecoder().decode(config))).toMatchObject({
      config: { Env: ["A=b"], Labels: { werf: "shop", "werf-version": "tidemark 0", a: "b" } },
    });
    const manifest = JSON.parse(new TextDecoder().decode(stage?.manifest.bytes));
    expect(manifest.layers).toEqual(source.images[0]?.layers);
  });

  it("shares no manifest with one of another digest, though the content is the same", async () => {
    await using world = await openWorld();
    const other = "cd".repeat(28);

    await world.publish({
      images: [
        imageNamed("one", { stageDigest: DIGEST }),
        imageNamed("two", { stageDigest: other }),
      ],
    });

    expect(new Set(world.state("shop").tags.values()).size).toBe(2);
  });

  it("is uploaded once for all images that have it", async () => {
    await using world = await openWorld({ locks: sharedLocks() });
    const names = Array.from({ length: 20 }, (_, at) => `app-${at}`);

    const result = await world.publish({ images: names.map((name) => imageNamed(name)) });

    expect(new Set(result.images.map(({ stages }) => stages[0]?.stageId)).size).toBe(1);
    expect(world.state("shop").tags.size).toBe(1);
  });

  it("comes after every stage of its digest, and after its parent", async () => {
    await using world = await openWorld({ locks: sharedLocks() });
    const rejected = `${DIGEST}-${NOW + 5}`;
    push(world.state("shop"), sourceOf({ layers: ["old"] }), rejected);
    push(world.state("shop"), sourceOf(), `${rejected}-rejected`);
    const labels = { "werf.io/parent-stage-id": `${"cd".repeat(28)}-${NOW + 9}` };

    const result = await world.publish({
      images: [imageNamed("app", { stageDigest: DIGEST, labels })],
    });

    expect(result.images[0]?.stages[0]?.stageId).toBe(`${DIGEST}-${NOW + 10}`);
  });

  it("shares a listing with all who wait for one", async () => {
    const slow = { when: isTagList, before: () => setTimeout(100) };
    await using world = await openWorld({ locks: sharedLocks(), faults: [slow] });
    const images = Array.from({ length: 12 }, (_, at) =>
      imageNamed(`app-${at}`, { source: sourceOf({ layers: [`app-${at}`] }) }),
    );

    await world.publish({ images }, { parallel: 12 });

    const listings = world.requests().filter((line) => line.includes("/tags/list"));
    expect(listings.length).toBeLessThanOrEqual(4);
  });
});

it("tells how to publish a Docker image where only OCI images are taken", async () => {
  await using world = await openWorld({ fake: zotLike });
  const source = sourceOf({ media: "docker" });

  const publishing = world.publish({ images: [imageNamed("app", { source })] });

  await expect(publishing).rejects.toMatchObject({
    status: 415,
    hint: expect.stringContaining("convert it to OCI first"),
  });
  expect(world.state("shop").tags.size).toBe(0);
});

describe("a stage that is there", () => {
  it("costs two requests when it is old", async () => {
    await using world = await openWorld();
    const images = [imageNamed("app")];
    const first = await world.publish({ images });
    world.requests();

    const second = await world.publish({ images }, { now: () => new Date(NOW + HOUR_MS) });

    const { digest, stageId } = first.images[0]?.stages[0] ?? {};
    expect(second.images[0]?.stages[0]).toMatchObject({ digest, stageId, source: "reused" });
    expect(methodsOf(world.requests())).toEqual(["GET", "GET"]);
  });

  it("costs three requests while its tag may still be written", async () => {
    await using world = await openWorld();
    const images = [imageNamed("app")];
    await world.publish({ images });
    world.requests();

    await world.publish({ images });

    expect(methodsOf(world.requests())).toEqual(["GET", "GET", "HEAD"]);
  });

  it("is the oldest of its digest, whatever its content", async () => {
    await using world = await openWorld();
    const state = world.state("shop");
    push(state, sourceOf({ layers: ["newer"] }), `${DIGEST}-${NOW - 1}`);
    const oldest = push(state, sourceOf({ layers: ["oldest"] }), `${DIGEST}-${NOW - 2}`);

    const result = await world.publish({ images: [imageNamed("app", { stageDigest: DIGEST })] });

    expect(result.images[0]?.stages[0]).toMatchObject({ digest: oldest, source: "reused" });
  });

  it.each([
    ["that points at nothing", undefined],
    ["that is an index", JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] })],
    ["that nobody can read", "{"],
  ])("is passed over %s", async (_, body) => {
    await using world = await openWorld();
    const state = world.state("shop");
    const broken = `${DIGEST}-${NOW - 2}`;
    const good = push(state, sourceOf(), `${DIGEST}-${NOW - 1}`);
    const { manifest } = recordImage("shop", {}, "2026-01-01T00:00:00Z");
    state.tags.set(broken, manifest.digest);
    if (body !== undefined) {
      const bytes = new TextEncoder().encode(body);
      const mediaType = body === "{" ? OCI_MANIFEST : OCI_INDEX;
      state.tags.set(broken, world.store("shop", { mediaType, bytes }));
    }

    const result = await world.publish({ images: [imageNamed("app", { stageDigest: DIGEST })] });

    expect(result.images[0]?.stages[0]?.digest).toBe(good);
    expect(state.tags.has(broken)).toBe(true);
  });

  it("is passed over when its commit is no part of the history", async () => {
    await using world = await openWorld();
    const state = world.state("shop");
    const label = (commit: string): Record<string, string> => ({ "werf-git-aa-commit": commit });
    push(state, sourceOf({ labels: label("other") }), `${DIGEST}-${NOW - 2}`);
    const ours = push(state, sourceOf({ labels: label("c1") }), `${DIGEST}-${NOW - 1}`);
    const ancestry = { has: (commit: string) => Promise.resolve(commit === "c1") };

    const result = await world.publish({
      images: [imageNamed("app", { stageDigest: DIGEST })],
      ancestry,
    });

    expect(result.images[0]?.stages[0]?.digest).toBe(ours);
  });
});

describe("an image of several platforms", () => {
  const source = sourceOf({ platform: "linux/amd64" }, { platform: "linux/arm64" });

  it("gets an index that is the same however often it is published", async () => {
    await using world = await openWorld();
    const images = [imageNamed("app", { source, stageDigest: DIGEST })];
    const first = await world.publish({ images });
    world.requests();

    const second = await world.publish({ images }, { now: () => new Date(NOW + HOUR_MS) });

    const index = first.images[0]?.index;
    expect(index).toMatchObject({ isNew: true });
    expect(world.state("shop").tags.get(index?.stageId ?? "")).toBe(index?.digest);
    expect(second.images[0]?.index).toMatchObject({ digest: index?.digest, isNew: false });
    expect(methodsOf(world.requests())).toEqual(["GET", "GET", "GET", "HEAD"]);
    expect(new Set(first.images[0]?.stages.map(({ stageDigest }) => stageDigest)).size).toBe(2);
  });

  it("gets an index only after all of its stages", async () => {
    await using world = await openWorld({ fake: { requireBlobs: true } });

    const result = await world.publish({ images: [imageNamed("app", { source })] });

    const tag = result.images[0]?.index?.stageId ?? "";
    const puts = world.requests().filter((line) => line.startsWith("PUT shop/manifests/"));
    expect(puts.at(-1)).toBe(`PUT shop/manifests/${tag}`);
  });

  it("keeps an index of the same children that another wrote in another format", async () => {
    await using world = await openWorld();
    const docker = sourceOf(
      { platform: "linux/amd64", media: "docker" },
      { platform: "linux/arm64", media: "docker" },
    );
    const images = [imageNamed("app", { source: docker })];
    const first = await world.publish({ images });
    const { stageId = "", manifest } = first.images[0]?.index ?? {};
    const text = new TextDecoder().decode(manifest?.bytes);
    const other = {
      mediaType: OCI_INDEX,
      bytes: new TextEncoder().encode(
        text.replace(/"application[^"]*list[^"]*"/, `"${OCI_INDEX}"`),
      ),
    };
    const digest = world.store("shop", other);
    world.state("shop").tags.set(stageId, digest);

    const second = await world.publish({ images });

    expect(second.images[0]?.index).toMatchObject({ digest, isNew: false });
    expect(world.state("shop").tags.get(stageId)).toBe(digest);
  });

  it("gets an OCI index where the registry takes no manifest list", async () => {
    const refusal = { kind: "status", status: 415, code: "MANIFEST_INVALID" } as const;
    const isManifestList = ({ method, headers }: FakeRequest): boolean =>
      method === "PUT" && headers["content-type"] === DOCKER_INDEX;
    await using world = await openWorld({ faults: [{ when: isManifestList, fault: refusal }] });
    const docker = sourceOf(
      { platform: "linux/amd64", media: "docker" },
      { platform: "linux/arm64", media: "docker" },
    );

    const result = await world.publish({ images: [imageNamed("app", { source: docker })] });

    const { index } = result.images[0] ?? {};
    expect(index?.manifest.mediaType).toBe(OCI_INDEX);
    expect(world.state("shop").tags.get(index?.stageId ?? "")).toBe(index?.digest);
  });

  it("gets an OCI index where its stages are OCI images", async () => {
    await using world = await openWorld({ fake: zotLike });

    const result = await world.publish({ images: [imageNamed("app", { source })] });

    expect(result.images[0]?.index?.manifest.mediaType).toBe(OCI_INDEX);
  });
});

describe("a request that cannot be meant is refused:", () => {
  it.each([
    [
      "an image twice",
      { images: [imageNamed("app"), imageNamed("app")] },
      /image app is published twice/,
    ],
    [
      "a stage digest that is none",
      { images: [imageNamed("", { stageDigest: "ab" })] },
      /the nameless image: "ab" is no stage digest/,
    ],
    [
      "a platform twice",
      { images: [imageNamed("app", { source: sourceOf({}, { layers: ["x"] }) })] },
      /two images of one platform/,
    ],
  ])("%s", async (_, request, message) => {
    await using world = await openWorld();

    await expect(world.publish(request)).rejects.toThrow(message);
    expect(world.requests()).toEqual([]);
  });

  it("two roles of one repository", async () => {
    await using world = await openWorld();
    const shop = world.at("shop");

    const publishing = world.publish({
      repositories: { primary: shop, caches: [world.at("cache"), shop], secondaries: [] },
    });

    await expect(publishing).rejects.toThrow(/--repo and --cache-repo both name .*\/shop;/);
  });
});
