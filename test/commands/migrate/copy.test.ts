import { describe, expect, it } from "vitest";

import { descriptorOf, imageOf, indexOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { dockerRegistry2, ociConformant } from "../../../contract-tests/fakes/personality.ts";
import { referrersTag } from "../../../src/oci/referrers-tag.ts";
import { openCopyWorld, seedStages, statuses } from "./copy-world.ts";

const STAGE = "ab".repeat(28);

describe("copying", () => {
  it("brings every tag with its bytes", async () => {
    const world = await openCopyWorld();
    seedStages(world, 3);

    const copied = await world.copy();

    expect(statuses(copied)).toEqual(["copied", "copied", "copied"]);
    expect(world.target.state().tags).toEqual(world.source.state().tags);
    expect(world.target.state().manifests.keys().toArray().sort()).toEqual(
      world.source.state().manifests.keys().toArray().sort(),
    );
    expect(copied.counts).toMatchObject({ blobsSent: 5, blobsMounted: 0, manifestsSent: 3 });
  });

  it("costs five requests a tag besides its layers, one of them for the plan", async () => {
    const world = await openCopyWorld();
    seedStages(world, 40);

    await world.copy();

    const source = world.source.requests();
    const target = world.target.requests();
    const lease = target.filter((line) => line.includes("tidemark-lease"));
    expect(source.filter((line) => line.includes("/manifests/"))).toHaveLength(40);
    expect(source.filter((line) => line.includes("/blobs/"))).toHaveLength(42);
    // Two blobs of the lease are looked for.
    expect(target.filter((line) => line.startsWith("HEAD"))).toHaveLength(2);
    expect(target.filter((line) => line.startsWith("POST"))).toHaveLength(42 + 2);
    expect(target.filter((line) => line.startsWith("PUT"))).toHaveLength(
      40 + 42 + 2 + lease.length,
    );
  });

  it("sends nothing again", async () => {
    const world = await openCopyWorld();
    seedStages(world, 3);
    await world.copy();
    world.target.requests();

    const copied = await world.copy();

    expect(statuses(copied)).toEqual(["present", "present", "present"]);
    expect(world.target.requests()).toEqual([]);
  });

  it("stores a manifest of several tags once, and sets each of the others by one request", async () => {
    const world = await openCopyWorld();
    seedContent(world.source.state(), imageOf(), ["one", "three", "two"]);

    await world.copy();

    const puts = world.target.requests().filter((line) => line.startsWith("PUT shop/manifests"));
    expect(puts).toHaveLength(3);
  });

  it("stores children before their index, by their own tags where they have some", async () => {
    const world = await openCopyWorld();
    const children = [imageOf({ labels: { a: "1" } }), imageOf({ labels: { a: "2" } })];
    const [first, second] = children;
    if (first !== undefined) seedContent(world.source.state(), first, [`${STAGE}-1700000000001`]);
    seedContent(world.source.state(), indexOf([indexOf(children)]), [STAGE]);

    await world.copy();

    const puts = world.target.requests().filter((line) => line.startsWith("PUT shop/manifests"));
    const keys = puts.map((line) => line.split("/").at(-1)).filter((key) => !isLease(key));
    expect(keys).toEqual([
      `${STAGE}-1700000000001`,
      second?.digest,
      indexOf(children).digest,
      STAGE,
    ]);
  });

  it("stores what is about a manifest before anybody can ask for it by its tag", async () => {
    const world = await openCopyWorld({ source: ociConformant, target: ociConformant });
    const image = imageOf();
    const attestation = imageOf({ layers: ["sbom"], subject: descriptorOf(image) });
    const signature = imageOf({ layers: ["sig"], subject: descriptorOf(attestation) });
    for (const content of [image, attestation, signature]) {
      seedContent(world.source.state(), content, content === image ? ["v1"] : []);
    }

    await world.copy();

    const puts = world.target.requests().filter((line) => line.startsWith("PUT shop/manifests"));
    expect(puts.map((line) => line.split("/").at(-1))).toEqual([
      image.digest,
      attestation.digest,
      signature.digest,
      "v1",
    ]);
  });

  it("stores what came about something that the target has already, and proves it", async () => {
    const world = await openCopyWorld({ source: ociConformant, target: ociConformant });
    const image = imageOf();
    seedContent(world.source.state(), image, ["v1"]);
    await world.copy();
    const attestation = imageOf({ layers: ["sbom"], subject: descriptorOf(image) });
    const signature = imageOf({ layers: ["sig"], subject: descriptorOf(attestation) });
    for (const late of [attestation, signature]) seedContent(world.source.state(), late);
    const plan = world.plan();
    const before = await world.verify(plan);

    const copied = await world.copy([plan]);

    expect(before.problems).toMatchObject([
      { tag: "v1", kind: "missing-manifest", digest: attestation.digest },
      { tag: "v1", kind: "missing-manifest", digest: signature.digest },
    ]);
    expect(before.proved.size).toBe(0);
    expect(statuses(copied)).toEqual(["present"]);
    expect(copied.counts).toMatchObject({ manifestsSent: 2 });
    expect(await world.verify(plan)).toMatchObject({ manifests: 3, problems: [] });
  });

  it("enters referrers into the index of their subject where the target has no endpoint for them", async () => {
    const world = await openCopyWorld({ source: ociConformant, target: dockerRegistry2 });
    const image = imageOf();
    const referrers = ["one", "two"].map((layer) =>
      imageOf({ layers: [layer], subject: descriptorOf(image), artifactType: `text/${layer}` }),
    );
    seedContent(world.source.state(), image, ["v1"]);
    for (const referrer of referrers) seedContent(world.source.state(), referrer);

    const copied = await world.copy();

    expect(statuses(copied)).toEqual(["copied"]);
    const subject = { ...world.target.at("shop"), digest: image.digest };
    const found = await Array.fromAsync(world.target.registry.listReferrers(subject));
    const types = found.map(({ artifactType }) => artifactType);
    expect(new Set(types)).toEqual(new Set(["text/one", "text/two"]));
    expect(world.target.state().tags.has(referrersTag(image.digest))).toBe(true);
  });

  it("sends a blob once to a host and mounts it into the other repositories", async () => {
    const world = await openCopyWorld();
    for (const name of ["one", "two", "three"]) {
      seedContent(world.source.state(name), imageOf({ labels: { name } }), ["latest"]);
    }

    const copied = await world.copy(
      ["one", "two", "three"].map((name) => world.plan(name, `to/${name}`)),
    );

    expect(copied.tags.flat().map(({ outcome }) => outcome.status)).toEqual(
      Array.from({ length: 3 }, () => "copied"),
    );
    expect(copied.counts).toMatchObject({ blobsSent: 4, blobsMounted: 2 });
  });

  it("mounts everything where both sides are one host", async () => {
    const world = await openCopyWorld({ isOneHost: true });
    seedContent(world.source.state("old"), imageOf(), ["latest"]);

    const copied = await world.copy([world.plan("old", "new")]);

    expect(copied.counts).toMatchObject({ blobsSent: 0, blobsMounted: 2, manifestsSent: 1 });
    expect(world.target.state("new").tags.has("latest")).toBe(true);
  });

  it("has the registry copy where it can, and copies itself what that refuses", async () => {
    const asked: string[] = [];
    const world = await openCopyWorld({
      isOneHost: true,
      wrapTarget: (registry) => ({
        ...registry,
        capabilities: { ...registry.capabilities, serverCopy: true },
        async copyFrom(target, from, { tags }) {
          asked.push(...tags);
          if (tags.includes("refused")) return "refused";
          const body = await registry.getManifest(from);
          const config = await registry.resolve(from);
          if (config === undefined) return "refused";
          for (const blob of world.source.state("old").blobs.keys()) {
            await registry.mountBlob(target, blob, { host: from.host, name: from.name });
          }
          for (const tag of tags) await registry.putManifest({ ...target, tag }, body);
          return "copied";
        },
      }),
    });
    for (const tag of ["moved", "refused"]) {
      const image = imageOf({ labels: { tag }, layers: [`${tag} one`, `${tag} two`] });
      seedContent(world.source.state("old"), image, [tag]);
    }

    const copied = await world.copy([world.plan("old", "new")]);

    expect(asked.sort()).toEqual(["moved", "refused"]);
    expect(statuses(copied)).toEqual(["copied", "copied"]);
    expect(copied.counts).toMatchObject({ copiedByServer: 1, manifestsSent: 1 });
  });

  it("looks for blobs in a target that is not empty", async () => {
    const world = await openCopyWorld();
    seedStages(world, 1);
    const [layer] = imageOf({ layers: ["shared one"] }).blobs.slice(1);
    if (layer !== undefined) world.target.state().blobs.set(layer.digest, layer.bytes);

    const copied = await world.copy([world.plan("shop", "shop", { isFresh: false })]);

    expect(copied.counts).toMatchObject({ blobsSent: 2, blobsPresent: 1 });
  });

  it("tells how many blobs and bytes are where they belong", async () => {
    const world = await openCopyWorld();
    seedStages(world, 3);

    await world.copy();

    const total = [...world.source.state().blobs.values()]
      .map(({ length }) => length)
      .reduce((sum, length) => sum + length, 0);
    const phases = world.events.filter((event) => event.type.startsWith("phase."));
    expect(phases).toContainEqual({
      type: "phase.started",
      phase: "copying blobs",
      total: 5,
      totalBytes: total,
    });
    expect(phases).toContainEqual({
      type: "phase.advanced",
      phase: "copying blobs",
      done: 5,
      bytes: total,
    });
    expect(phases).toContainEqual({ type: "phase.advanced", phase: "copying manifests", done: 3 });
  });
});

function isLease(key: string | undefined): boolean {
  return key?.startsWith("tidemark-lease-") === true;
}
