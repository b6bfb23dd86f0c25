import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";

import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { dockerRegistry2, ociConformant } from "../../../contract-tests/fakes/personality.ts";
import { descriptorOf, imageOf, indexOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { referrersTag } from "../../../src/oci/referrers-tag.ts";
import { RegistryError, isRegistryError } from "../../../src/registry/error.ts";
import { soleRunner } from "../../properties/runner.ts";
import { NOW, openCopyWorld, seedStages, statuses } from "./copy-world.ts";

const STAGE = "ab".repeat(28);

const refuses = (key: RegExp, status: number, code: string): FaultRule => ({
  when: ({ method, path }) => (method === "PUT" || method === "POST") && key.test(path),
  fault: { kind: "status", status, code },
});

describe("copying with trouble", () => {
  it("goes on past a tag that the target refuses, and says in its words why", async () => {
    const world = await openCopyWorld({ target: { ...dockerRegistry2, immutableTags: true } });
    seedContent(world.source.state(), imageOf({ labels: { a: "new" } }), ["v1"]);
    seedContent(world.source.state(), imageOf({ labels: { a: "other" } }), ["v2"]);
    seedContent(world.target.state(), imageOf({ labels: { a: "old" } }), ["v1"]);

    const copied = await world.copy();

    expect(copied.tags.flat().map(({ outcome }) => outcome)).toMatchObject([
      { status: "refused", code: "DENIED", message: expect.stringContaining("immutable") },
      { status: "copied" },
    ]);
  });

  it.each([
    { status: 403, code: "DENIED", what: "a quota" },
    { status: 413, code: "SIZE_INVALID", what: "a size limit" },
  ])("takes a $status for $what once the target has taken something", async (refusal) => {
    const world = await openCopyWorld({
      targetFaults: [refuses(/manifests\/v2$/, refusal.status, refusal.code)],
    });
    for (const tag of ["v1", "v2"]) {
      seedContent(world.source.state(), imageOf({ labels: { tag } }), [tag]);
    }

    const copied = await world.copy();

    expect(statuses(copied)).toEqual(["copied", "refused"]);
  });

  it("rejects when the target refuses before it has taken anything", async () => {
    const world = await openCopyWorld({ targetFaults: [refuses(/./, 403, "DENIED")] });
    seedStages(world, 3);

    const error = await world.copy().catch((reason: unknown) => reason);

    expect(isRegistryError(error, "denied")).toBe(true);
  });

  it("takes a right that is gone in the middle for a failure", async () => {
    let isGone = false;
    const world = await openCopyWorld({
      targetFaults: [
        {
          when: ({ method, path }) => {
            isGone ||= method === "PUT" && path.endsWith("manifests/v3");
            return isGone && method !== "GET" && method !== "HEAD";
          },
          fault: { kind: "status", status: 403, code: "DENIED" },
        },
      ],
    });
    for (const tag of ["v1", "v2", "v3", "v4"]) {
      seedContent(world.source.state(), imageOf({ labels: { tag } }), [tag]);
    }

    const copied = await world.copy(undefined, { parallel: 1 });

    expect(statuses(copied)).toEqual(["copied", "copied", "failed", "failed"]);
  });

  it("takes a source that may not be read for a failure, whatever the target has taken", async () => {
    const world = await openCopyWorld({
      sourceFaults: [
        {
          when: ({ path }) => path.includes("/blobs/"),
          before: () => undefined,
          fault: { kind: "status", status: 403, code: "DENIED" },
        },
      ],
      target: dockerRegistry2,
    });
    const [first, second] = [imageOf({ labels: { a: "1" } }), imageOf({ labels: { a: "2" } })];
    seedContent(world.source.state(), first, [`${STAGE}-1700000000001`]);
    seedContent(world.source.state(), second, [`${STAGE}-1700000000002`]);
    for (const { digest, bytes } of first.blobs) world.target.state().blobs.set(digest, bytes);

    const copied = await world.copy([world.plan("shop", "shop", { isFresh: false })]);

    expect(statuses(copied)).toEqual(["copied", "failed"]);
  });

  it("lets an index wait whose child could not be had, and a record whose stage could not", async () => {
    const child = imageOf({ labels: { a: "child" } });
    const stage = `${STAGE}-1700000000001`;
    const record = `meta-1_${"c".repeat(40)}_${stage}`;
    const world = await openCopyWorld({
      sourceFaults: [
        {
          when: ({ path }) => path.endsWith(child.blobs[0]?.digest ?? ""),
          fault: { kind: "flipped-byte" },
        },
      ],
    });
    seedContent(world.source.state(), child, [stage]);
    seedContent(world.source.state(), indexOf([child]), [STAGE]);
    seedContent(world.source.state(), imageOf({ labels: { a: "record" } }), [record]);
    seedContent(world.source.state(), imageOf({ labels: { a: "other" } }), ["v1"]);

    const copied = await world.copy();

    const outcomes = copied.tags.flat().map(({ as, outcome }) => [as, outcome.status]);
    expect(Object.fromEntries(outcomes)).toEqual({
      [stage]: "failed",
      [STAGE]: "waiting",
      [record]: "waiting",
      v1: "copied",
    });
  });

  it("fails a tag that needs what has no tag of its own and could not be had", async () => {
    const child = imageOf({ layers: ["child"] });
    const signed = imageOf({ labels: { a: "signed" } });
    const proof = imageOf({ layers: ["proof"], subject: descriptorOf(signed) });
    const world = await openCopyWorld();
    seedContent(world.source.state(), indexOf([child]), ["index"]);
    seedContent(world.source.state(), signed, ["signed"]);
    seedContent(world.source.state(), proof);
    seedContent(world.source.state(), imageOf({ labels: { a: "other" } }), ["v1"]);
    const plan = world.plan();
    for (const { blobs } of [child, proof]) {
      const [, own] = blobs;
      if (own !== undefined) world.source.state().blobs.delete(own.digest);
    }

    const copied = await world.copy([plan]);

    const outcomes = copied.tags.flat().map(({ as, outcome }) => [as, outcome.status]);
    expect(Object.fromEntries(outcomes)).toEqual({
      index: "failed",
      signed: "failed",
      v1: "copied",
    });
  });

  it("sends what the target has lost again", async () => {
    const image = imageOf();
    let isLost = false;
    const world = await openCopyWorld({
      targetFaults: [
        {
          // The first manifest finds that the blobs which had arrived are gone.
          when: ({ method, path }) => method === "PUT" && path.includes("/manifests/v1"),
          times: 1,
          before: () => {
            if (isLost) return;
            isLost = true;
            for (const { digest } of image.blobs) world.target.state().blobs.delete(digest);
          },
        },
      ],
    });
    seedContent(world.source.state(), image, ["v1"]);

    const copied = await world.copy();

    expect(statuses(copied)).toEqual(["copied"]);
    expect(world.target.state().blobs.size).toBeGreaterThanOrEqual(2);
  });

  it("sends again what a cleanup of the target took meanwhile", async () => {
    const world = await openCopyWorld({
      targetFaults: [
        {
          when: ({ path }) => path.includes("tags/list"),
          times: 1,
          before: () => {
            const [tag = ""] = world.target.state().tags.keys().filter(isStage).toArray();
            world.target.state().tags.delete(tag);
          },
        },
      ],
    });
    seedStages(world, 3);

    const copied = await world.copy();

    expect(statuses(copied)).toEqual(["copied", "copied", "copied"]);
    expect(world.target.state().tags.keys().filter(isStage).toArray()).toHaveLength(3);
  });

  it("leaves alone a name that somebody has taken since the plan was made", async () => {
    const world = await openCopyWorld();
    seedContent(world.source.state(), imageOf({ labels: { a: "ours" } }), ["latest"]);
    const plan = world.plan();
    const theirs = seedContent(world.target.state(), imageOf({ labels: { a: "theirs" } }), [
      "latest",
    ]);

    const copied = await world.copy([plan]);

    expect(copied.tags.flat()[0]?.outcome).toMatchObject({ status: "refused", code: "taken" });
    expect(world.target.state().tags.get("latest")).toBe(theirs);
  });

  it("leaves alone a signature that somebody has set since the plan was made", async () => {
    const world = await openCopyWorld();
    const image = imageOf();
    const tag = `sha256-${image.digest.slice("sha256:".length)}.sig`;
    seedContent(world.source.state(), image, ["v1"]);
    seedContent(world.source.state(), imageOf({ layers: ["our signature"] }), [tag]);
    const plan = world.plan();
    const theirs = seedContent(world.target.state(), imageOf({ layers: ["their signature"] }), [
      tag,
    ]);

    const copied = await world.copy([plan]);

    const outcomes = copied.tags.flat().map(({ as, outcome }) => [as, outcome.status]);
    expect(Object.fromEntries(outcomes)).toEqual({ [tag]: "refused", v1: "copied" });
    expect(world.target.state().tags.get(tag)).toBe(theirs);
  });

  it("tells as failed what was there when the plan was made and is not in the end", async () => {
    const world = await openCopyWorld();
    for (const side of [world.source, world.target]) seedContent(side.state(), imageOf(), ["v1"]);
    seedContent(world.source.state(), imageOf({ layers: ["new"] }), ["v2"]);
    const plan = world.plan();
    world.target.state().tags.delete("v1");

    const copied = await world.copy([plan]);

    expect(copied.tags.flat().map(({ as, outcome }) => ({ as, ...outcome }))).toMatchObject([
      { as: "v1", status: "failed", code: "gone" },
      { as: "v2", status: "copied" },
    ]);
  });

  it("says what is about something that the target has and could not be had", async () => {
    const world = await openCopyWorld();
    const image = imageOf();
    const signature = imageOf({ layers: ["sig"], subject: descriptorOf(image) });
    for (const side of [world.source, world.target]) seedContent(side.state(), image, ["v1"]);
    seedContent(world.source.state(), signature);
    const plan = world.plan();
    world.source.state().blobs.clear();

    const copied = await world.copy([plan]);

    expect(copied.brokeOff).toContain(`${signature.digest}, which is about something`);
  });

  it("copies into a directory or an archive that the first push makes", async () => {
    const world = await openCopyWorld({
      wrapTarget: (registry) => ({
        ...registry,
        async *listTags(repository) {
          if (world.target.state().tags.size > 0) return yield* registry.listTags(repository);
          throw new RegistryError("not-found", "there is no such directory");
        },
      }),
    });
    seedContent(world.source.state(), imageOf(), ["v1"]);

    expect(statuses(await world.copy())).toEqual(["copied"]);
  });

  it("tries a blob that cannot be had no more than twice, however many images share it", async () => {
    const world = await openCopyWorld();
    seedStages(world, 12);
    const shared = imageOf({ layers: ["shared one"] }).blobs[1];
    if (shared !== undefined) world.source.state().blobs.delete(shared.digest);
    world.source.requests();

    const copied = await world.copy();

    expect(new Set(statuses(copied))).toEqual(new Set(["failed"]));
    const reads = world.source.requests().filter((line) => line.endsWith(shared?.digest ?? ""));
    expect(reads).toHaveLength(2);
  });

  it("ends when the target is gone, and says what waits", async () => {
    let isGone = false;
    const world = await openCopyWorld({
      targetFaults: [
        {
          when: ({ method, path }) => {
            isGone ||= method === "PUT" && path.includes("1700000000002");
            return isGone;
          },
          fault: { kind: "reset" },
        },
      ],
    });
    seedStages(world, 60);

    const copied = await world.copy();

    expect(copied.brokeOff).toMatch(/failures in a row/);
    expect(statuses(copied).filter((status) => status === "waiting").length).toBeGreaterThan(20);
  });

  it("ends when it is interrupted, with what was done until then", async () => {
    const interruption = new AbortController();
    const world = await openCopyWorld({
      targetFaults: [
        {
          when: ({ method, path }) => method === "PUT" && path.includes("1700000000005"),
          before: () => interruption.abort(new Error("the user pressed ctrl-c")),
        },
      ],
    });
    seedStages(world, 20);

    const copied = await world.copy(undefined, { signal: interruption.signal, parallel: 1 });

    expect(copied.brokeOff).toBe("the run was interrupted");
    expect(new Set(statuses(copied))).toEqual(new Set(["copied", "waiting"]));
    expect([...world.target.state().tags.keys()].some((tag) => tag.startsWith("tidemark"))).toBe(
      false,
    );
  });
});

describe("a run after one that was killed", () => {
  it("sends no blob and no manifest that had arrived, and looks for none that is known", async () => {
    const world = await openCopyWorld();
    const child = imageOf({ labels: { a: "child" } });
    seedContent(world.source.state(), indexOf([child]), ["v1"]);
    const plan = world.plan();
    await world.copy([plan]);
    world.target.state().tags.delete("v1");
    world.target.requests();

    const copied = await world.copy([plan]);

    expect(statuses(copied)).toEqual(["copied"]);
    expect(world.target.requests().filter((line) => !line.includes("tags/list"))).toEqual([
      "PUT shop/manifests/v1",
    ]);
    expect(await readFile(world.statePath, "utf8")).toContain(child.digest);
  });

  it("enters a referrer that had arrived into the index that a killed run did not write", async () => {
    const world = await openCopyWorld();
    const image = imageOf();
    const signature = imageOf({ layers: ["sig"], subject: descriptorOf(image) });
    seedContent(world.source.state(), image, ["v1"]);
    seedContent(world.source.state(), signature);
    const plan = world.plan();
    await world.copy([plan]);
    world.target.state().tags.clear();

    const copied = await world.copy([plan]);

    expect(statuses(copied)).toEqual(["copied"]);
    expect([...world.target.state().tags.keys()].toSorted()).toEqual([
      referrersTag(image.digest),
      "v1",
    ]);
  });

  it("looks for what the state file does not know, even where the listing is empty", async () => {
    const world = await openCopyWorld();
    const image = imageOf();
    seedContent(world.source.state(), image, ["v1"]);
    const plan = world.plan();
    await world.copy([{ ...plan, manifests: [], tags: [] }]);
    for (const { digest, bytes } of image.blobs) world.target.state().blobs.set(digest, bytes);

    const copied = await world.copy([plan]);

    expect(copied.counts).toMatchObject({ blobsSent: 0, blobsPresent: 2 });
  });

  it("sends what the state file says has arrived when the target lacks it after all", async () => {
    const world = await openCopyWorld();
    const child = imageOf({ labels: { a: "child" } });
    seedContent(world.source.state(), indexOf([child]), ["v1"]);
    const plan = world.plan();
    await world.copy([plan]);
    world.target.state().tags.clear();
    world.target.state().manifests.clear();
    world.target.state().blobs.clear();

    const copied = await world.copy([plan]);

    expect(statuses(copied)).toEqual(["copied"]);
    expect(world.target.state().manifests.has(child.digest)).toBe(true);
    expect(world.target.state().blobs.size).toBe(2);
  });

  it("sends a referrer that the state file says has arrived and the target has lost", async () => {
    const world = await openCopyWorld();
    const image = imageOf();
    const proof = imageOf({ layers: ["proof"], subject: descriptorOf(image) });
    seedContent(world.source.state(), image, ["v1"]);
    seedContent(world.source.state(), proof);
    const plan = world.plan();
    await world.copy([plan]);
    world.target.state().tags.delete("v1");
    world.target.state().manifests.delete(proof.digest);

    const copied = await world.copy([plan]);

    expect(statuses(copied)).toEqual(["copied"]);
    expect(world.target.state().manifests.has(proof.digest)).toBe(true);
  });
});

describe("the lease of a copying", () => {
  it("names the stages and indexes of the plan while they arrive, and is gone in the end", async () => {
    const held: string[] = [];
    const world = await openCopyWorld({
      targetFaults: [
        {
          when: ({ method, path }) => method === "PUT" && path.includes("1700000000001"),
          before: () => void held.push(...leasesIn(world)),
        },
      ],
    });
    seedStages(world, 3);

    await world.copy();

    expect(held).toHaveLength(1);
    expect(held[0]).toContain(`${STAGE}-1700000000000`);
    expect(leasesIn(world)).toEqual([]);
  });

  it("is written anew before it ends", async () => {
    let now = NOW;
    const world = await openCopyWorld();
    seedStages(world, 30);

    await world.copy(undefined, {
      now: () => new Date((now += 10 * 60_000)),
      runner: soleRunner(NOW),
      parallel: 1,
    });

    const leases = world.target
      .requests()
      .filter((line) => line.startsWith("PUT shop/manifests/tidemark-lease"));
    expect(leases.length).toBeGreaterThan(2);
    expect(leasesIn(world)).toEqual([]);
  });

  it("is done without when it cannot be written anew", async () => {
    let now = NOW;
    const world = await openCopyWorld({
      targetFaults: [refuses(/manifests\/tidemark-lease-[0-9a-f]+-1$/, 403, "DENIED")],
    });
    seedStages(world, 30);

    const copied = await world.copy(undefined, {
      now: () => new Date((now += 10 * 60_000)),
      runner: soleRunner(NOW),
      parallel: 1,
    });

    expect(new Set(statuses(copied))).toEqual(new Set(["copied"]));
    expect(copied.warnings).toEqual([expect.stringContaining("is not held by a lease any more")]);
    expect(leasesIn(world)).toEqual([]);
  });

  it("is not taken for tags that no cleanup would take", async () => {
    const world = await openCopyWorld();
    seedContent(world.source.state(), imageOf(), ["v1"]);

    await world.copy();

    expect(world.target.requests().some((line) => line.includes("lease"))).toBe(false);
  });
});

describe("verifying", () => {
  it("proves what is there with all that it needs", async () => {
    const world = await openCopyWorld();
    const child = imageOf({ labels: { a: "child" } });
    seedContent(world.source.state(), indexOf([child]), ["v1"]);
    const plan = world.plan();
    await world.copy([plan]);

    for (const one of [plan, world.plan()]) {
      expect(await world.verify(one)).toEqual({
        tags: 1,
        manifests: 2,
        blobs: 2,
        proved: new Set(["v1"]),
        problems: [],
      });
    }
  });

  it("names each kind of thing that is not", async () => {
    const world = await openCopyWorld();
    const images = ["lost", "moved", "hollow", "whole"].map((tag) => ({
      tag,
      image: imageOf({ labels: { tag }, layers: [tag] }),
    }));
    for (const { tag, image } of images) seedContent(world.source.state(), image, [tag]);
    const child = imageOf({ labels: { tag: "child" } });
    const index = indexOf([child]);
    seedContent(world.source.state(), index, ["torn"]);
    const plan = world.plan();
    await world.copy([plan]);
    const { tags, blobs, manifests } = world.target.state();
    const [, moved, hollow, whole] = images;
    tags.delete("lost");
    tags.set("moved", whole?.image.digest ?? child.digest);
    blobs.delete(hollow?.image.blobs[1]?.digest ?? child.digest);
    manifests.delete(child.digest);

    const { proved, problems } = await world.verify(plan);

    expect([...proved]).toEqual(["whole"]);
    expect(problems.map(({ tag, kind }) => `${tag}: ${kind}`).sort()).toEqual([
      "hollow: missing-blob",
      "lost: missing-tag",
      "moved: other-digest",
      "torn: missing-manifest",
    ]);
    expect(problems.find(({ tag }) => tag === "moved")).toMatchObject({
      digest: moved?.image.digest,
      found: whole?.image.digest,
    });
  });

  it("misses a referrer that an older index of the source keeps from being found", async () => {
    const world = await openCopyWorld({ source: ociConformant });
    const image = imageOf();
    const subject = descriptorOf(image);
    const old = imageOf({ layers: ["old"], subject });
    const fresh = imageOf({ layers: ["fresh"], subject });
    seedContent(world.source.state(), image, ["v1"]);
    for (const proof of [old, fresh]) seedContent(world.source.state(), proof);
    seedContent(world.source.state(), indexOf([old]), [referrersTag(image.digest)]);
    const plan = world.plan();

    const { warnings } = await world.copy([plan]);
    const { problems } = await world.verify(plan);

    expect(warnings).toEqual([expect.stringContaining(`${fresh.digest} cannot be found`)]);
    const problem = { kind: "untold-referrer", digest: fresh.digest };
    // The index is about the same image.
    expect(problems).toEqual([
      { ...problem, tag: referrersTag(image.digest) },
      { ...problem, tag: "v1" },
    ]);
  });

  it("looks at what is about a manifest too", async () => {
    const world = await openCopyWorld();
    const image = imageOf();
    const signature = imageOf({ layers: ["sig"], subject: descriptorOf(image) });
    seedContent(world.source.state(), image, ["v1"]);
    seedContent(world.source.state(), signature);
    const plan = world.plan();
    await world.copy([plan]);
    world.target.state().manifests.delete(signature.digest);

    const { problems } = await world.verify(plan);

    expect(problems).toMatchObject([{ tag: "v1", kind: "missing-manifest" }]);
  });
});

function leasesIn({ target }: Awaited<ReturnType<typeof openCopyWorld>>): string[] {
  const { tags, manifests, blobs } = target.state();
  return [...tags].flatMap(([tag, digest]) => {
    if (!tag.startsWith("tidemark-lease")) return [];
    const manifest: { readonly config: { readonly digest: typeof digest } } = JSON.parse(
      Buffer.from(manifests.get(digest)?.bytes ?? []).toString(),
    );
    return [Buffer.from(blobs.get(manifest.config.digest) ?? []).toString()];
  });
}

function isStage(tag: string): boolean {
  return tag.startsWith(STAGE);
}
