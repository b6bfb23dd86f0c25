import { readdir } from "node:fs/promises";

import { expect, it } from "vitest";

import { descriptorOf, imageOf, indexOf } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { RegistryError } from "../../../src/registry/error.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import { openRestoreWorld, seed } from "./restore-world.ts";
import type { RestoreWorld } from "./restore-world.ts";

it("brings manifests back byte for byte, with their tags, indexes and signatures", async () => {
  await using world = await openRestoreWorld({ fake: { requireBlobs: true } });
  const amd = image("amd");
  const arm = image("arm");
  const plain = image("plain");
  const index = indexOf([amd, arm]);
  const signature = imageOf({ labels: { n: "sig" }, subject: descriptorOf(index) });
  seed(world, index, ["multi", "latest"]);
  seed(world, amd, ["amd"]);
  seed(world, plain, ["plain"]);
  seed(world, signature, [signatureTag(index)]);
  const before = snapshot(world);
  await world.remove([
    { content: index, tags: ["multi", "latest"] },
    { content: signature, tags: [signatureTag(index)] },
    { content: amd, tags: ["amd"] },
    { content: plain, tags: ["plain"] },
  ]);
  world.state.manifests.delete(arm.digest);

  const result = await world.restore();

  expect(snapshot(world)).toEqual(before);
  expect(world.statuses(result)).toEqual({
    amd: "restored",
    multi: "restored",
    plain: "restored",
    [signatureTag(index)]: "restored",
    [arm.digest]: "restored",
  });
});

it("brings back what is about a manifest and went along with it", async () => {
  await using world = await openRestoreWorld({
    adapt: (registry) => ({
      ...registry,
      capabilities: { ...registry.capabilities, deletionCascade: ["tags", "referrers"] },
    }),
  });
  const plain = image("plain");
  const signature = imageOf({ labels: { n: "sig" }, subject: descriptorOf(plain) });
  const deeper = imageOf({ labels: { n: "deeper" }, subject: descriptorOf(signature) });
  seed(world, plain, ["plain"]);
  for (const referrer of [signature, deeper]) seed(world, referrer);
  const before = snapshot(world);
  await world.remove([{ content: plain, tags: ["plain"] }]);
  for (const { digest } of [signature, deeper]) world.state.manifests.delete(digest);

  const result = await world.restore({ tags: ["plain"] });

  expect(result.items).toHaveLength(3);
  expect(snapshot(world)).toEqual(before);
});

it("finds everything there the second time, and writes nothing", async () => {
  await using world = await openRestoreWorld();
  const plain = image("plain");
  seed(world, plain, ["plain"]);
  await world.remove([{ content: plain, tags: ["plain"] }]);
  await world.restore();
  const before = writes(world);

  const result = await world.restore();

  expect(world.statuses(result)).toEqual({ plain: "there" });
  expect(writes(world)).toEqual(before);
});

it("puts a tag back whose manifest stayed", async () => {
  await using world = await openRestoreWorld();
  const plain = image("plain");
  seed(world, plain, ["one", "two"]);
  await world.remove([{ content: plain, tags: ["one"], how: "tag" }]);

  const result = await world.restore();

  expect(world.statuses(result)).toEqual({ one: "restored" });
  expect(world.state.tags.get("one")).toBe(plain.digest);
});

it("names the blob that is gone, and brings the others back", async () => {
  await using world = await openRestoreWorld();
  const lost = imageOf({ labels: { n: "lost" }, layers: ["lost layer"] });
  const plain = image("plain");
  seed(world, lost, ["lost"]);
  seed(world, plain, ["plain"]);
  await world.remove([
    { content: lost, tags: ["lost"] },
    { content: plain, tags: ["plain"] },
  ]);
  const layer = lost.blobs[1]?.digest;
  world.state.blobs.delete(layer ?? lost.digest);

  const result = await world.restore();

  expect(world.statuses(result)).toEqual({ lost: "gone", plain: "restored" });
  expect(result.items[0]).toMatchObject({
    missing: [{ kind: "blob", digest: layer }],
    tags: [{ tag: "lost", status: "absent" }],
  });
  expect([...world.state.tags.keys()]).toEqual(["plain"]);
});

it.each([
  { what: "which the registry takes", requireBlobs: false, back: true },
  { what: "which the registry refuses", requireBlobs: true, back: false },
])("says partly of an index with a child that is gone, $what", async ({ requireBlobs, back }) => {
  await using world = await openRestoreWorld({ fake: { requireBlobs } });
  const kept = image("kept");
  const lost = image("lost");
  const index = indexOf([kept, lost]);
  seed(world, index, ["multi"]);
  await world.remove([{ content: index, tags: ["multi"] }]);
  for (const { digest } of [kept, lost]) world.state.manifests.delete(digest);
  world.state.blobs.delete(lost.blobs[0]?.digest ?? lost.digest);

  const result = await world.restore();

  expect(world.statuses(result)).toEqual({
    multi: "partly",
    [kept.digest]: "restored",
    [lost.digest]: "gone",
  });
  const multi = result.items.find(({ digest }) => digest === index.digest);
  expect(multi?.missing).toEqual([{ kind: "child", digest: lost.digest }]);
  expect(multi?.tags).toEqual([{ tag: "multi", status: back ? "restored" : "absent" }]);
  expect(multi?.message === undefined).toBe(back);
  expect(world.state.manifests.has(kept.digest)).toBe(true);
  expect(world.state.tags.has("multi")).toBe(back);
});

it("calls an index gone when everything below it is", async () => {
  await using world = await openRestoreWorld();
  const only = image("only");
  const index = indexOf([only]);
  seed(world, index, ["multi"]);
  await world.remove([{ content: index, tags: ["multi"] }]);
  world.state.manifests.delete(only.digest);
  world.state.blobs.clear();

  const result = await world.restore();

  expect(world.statuses(result)).toEqual({ multi: "gone", [only.digest]: "gone" });
  expect(world.state.manifests.size).toBe(0);
});

it("goes on with the others when one cannot be looked at", async () => {
  const odd = image("odd");
  const plain = image("plain");
  await using world = await openRestoreWorld({
    adapt: (registry) => ({
      ...registry,
      resolve: (reference, options) =>
        "tag" in reference && reference.tag === "odd"
          ? Promise.reject(new RegistryError("protocol", "an odd answer"))
          : registry.resolve(reference, options),
    }),
  });
  seed(world, odd, ["odd"]);
  seed(world, plain, ["plain"]);
  await world.remove([
    { content: odd, tags: ["odd"] },
    { content: plain, tags: ["plain"] },
  ]);

  const result = await world.restore();

  expect(world.statuses(result)).toEqual({ odd: "failed", plain: "restored" });
  expect(result.items[0]).toMatchObject({ code: "protocol", message: "an odd answer" });
});

it("leaves a tag that names something else by now, and what nothing would name", async () => {
  await using world = await openRestoreWorld();
  const old = image("old");
  const fresh = image("fresh");
  seed(world, old, ["latest"]);
  await world.remove([{ content: old, tags: ["latest"] }]);
  seed(world, fresh, ["latest"]);

  const result = await world.restore();

  expect(result.items).toMatchObject([
    { status: "left", tags: [{ tag: "latest", status: "left", now: fresh.digest }] },
  ]);
  expect(world.state.manifests.has(old.digest)).toBe(false);
  expect(world.state.tags.get("latest")).toBe(fresh.digest);
});

it("moves such a tag back when asked, and writes down what it named", async () => {
  await using world = await openRestoreWorld();
  const old = image("old");
  const fresh = image("fresh");
  seed(world, old, ["latest"]);
  await world.remove([{ content: old, tags: ["latest"] }]);
  seed(world, fresh, ["latest"]);

  const result = await world.restore({ overwrite: true });

  expect(world.statuses(result)).toEqual({ latest: "restored" });
  expect(world.state.tags.get("latest")).toBe(old.digest);
  const undo = { kind: "files", path: result.journal ?? "" } as const;
  await world.restore({ source: undo, overwrite: true });
  expect(world.state.tags.get("latest")).toBe(fresh.digest);
});

it("brings back one tag with what it reaches and what is about it, and nothing else", async () => {
  await using world = await openRestoreWorld({ fake: { requireBlobs: true } });
  const child = image("child");
  const other = image("other");
  const index = indexOf([child]);
  const signature = image("signature");
  seed(world, index, ["multi", "alias"]);
  seed(world, child, ["child"]);
  seed(world, other, ["other"]);
  seed(world, signature, [signatureTag(child)]);
  await world.remove([
    { content: index, tags: ["multi", "alias"] },
    { content: child, tags: ["child"] },
    { content: other, tags: ["other"] },
    { content: signature, tags: [signatureTag(child)] },
  ]);

  await world.restore({ tags: ["multi"] });

  expect([...world.state.tags.keys()].toSorted()).toEqual(
    ["child", "multi", signatureTag(child)].toSorted(),
  );
});

it("does not know a tag that no journal holds", async () => {
  await using world = await openRestoreWorld();
  const plain = image("plain");
  seed(world, plain, ["plain"]);
  await world.remove([{ content: plain, tags: ["plain"] }]);

  await expect(world.restore({ tags: ["plain", "typo"] })).rejects.toMatchObject({
    name: "UsageError",
    message: expect.stringContaining("no journal holds typo;"),
  });
});

it("changes nothing in a dry run, and says what would come back", async () => {
  await using world = await openRestoreWorld();
  const lost = image("lost");
  const child = image("child");
  const index = indexOf([child]);
  seed(world, lost, ["lost"]);
  seed(world, index, ["multi"]);
  await world.remove([
    { content: lost, tags: ["lost"] },
    { content: index, tags: ["multi"] },
  ]);
  world.state.manifests.delete(child.digest);
  world.state.blobs.delete(lost.blobs[0]?.digest ?? lost.digest);

  const result = await world.restore({ dryRun: true });

  expect(world.statuses(result)).toEqual({
    lost: "gone",
    multi: "restored",
    [child.digest]: "restored",
  });
  expect(writes(world)).toEqual([]);
});

it("never puts another repository's journal back", async () => {
  await using world = await openRestoreWorld();
  const plain = image("plain");
  seed(world, plain, ["plain"]);
  await world.remove([{ content: plain, tags: ["plain"] }]);

  const restoring = world.restore({ repository: { host: world.repository.host, name: "other" } });

  await expect(restoring).rejects.toMatchObject({ name: "PlanError", code: "wrong-repository" });
  expect(writes(world)).toEqual([]);
});

it("takes the last of several runs that deleted one tag", async () => {
  await using world = await openRestoreWorld();
  const older = image("older");
  const newer = image("newer");
  seed(world, older, ["latest"]);
  await world.remove([{ content: older, tags: ["latest"] }], "2026-01-01T00:00:00.000Z");
  seed(world, newer, ["latest"]);
  await world.remove([{ content: newer, tags: ["latest"] }], "2026-01-02T00:00:00.000Z");

  const result = await world.restore();

  expect(await readdir(world.journals)).toHaveLength(2);
  expect(world.statuses(result)).toEqual({ latest: "restored" });
  expect(world.state.tags.get("latest")).toBe(newer.digest);
  expect(world.state.manifests.has(older.digest)).toBe(false);
});

it("asks a registry that keeps what was deleted, and puts back by itself what that cannot", async () => {
  const asked: Digest[] = [];
  const kept = image("kept");
  const lost = image("lost");
  await using world = await openRestoreWorld({
    adapt: (registry, state) =>
      undeleting(registry, (digest, tags) => {
        asked.push(digest);
        if (digest !== kept.digest) return false;
        seed(world, kept, tags);
        return state.manifests.has(digest);
      }),
  });
  seed(world, kept, ["kept"]);
  seed(world, lost, ["lost"]);
  await world.remove([
    { content: kept, tags: ["kept"] },
    { content: lost, tags: ["lost"] },
  ]);
  for (const { digest } of kept.blobs) world.state.blobs.delete(digest);
  seed(world, lost);
  world.state.manifests.delete(lost.digest);

  const result = await world.restore();

  expect(asked.toSorted()).toEqual([kept.digest, lost.digest].toSorted());
  expect(world.statuses(result)).toEqual({ kept: "restored", lost: "restored" });
  expect(writes(world).filter((write) => write.startsWith("PUT"))).toHaveLength(1);
});

it("says what the registry answered when neither it nor the journal can bring something back", async () => {
  await using world = await openRestoreWorld({
    adapt: (registry) => undeleting(registry, () => false),
  });
  const plain = image("plain");
  seed(world, plain, ["plain"]);
  await world.remove([{ content: plain, tags: ["plain"] }]);
  world.state.blobs.clear();

  const result = await world.restore();

  expect(result.items).toMatchObject([{ status: "gone", message: "too late" }]);
});

it("says in a dry run that a registry may still have what it keeps for a time", async () => {
  await using world = await openRestoreWorld({
    adapt: (registry) => undeleting(registry, () => true),
  });
  const plain = image("plain");
  seed(world, plain, ["plain"]);
  await world.remove([{ content: plain, tags: ["plain"] }]);
  world.state.blobs.clear();

  const result = await world.restore({ dryRun: true });

  expect(result.items).toMatchObject([
    { status: "gone", message: expect.stringContaining("may still have it") },
  ]);
});

it("puts back from its bytes what a registry refuses to be asked for", async () => {
  await using world = await openRestoreWorld({
    adapt: (registry) => ({
      ...undeleting(registry, () => false),
      undelete: () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.reject(new RegistryError("denied", "not for you")),
        }),
      }),
    }),
  });
  const plain = image("plain");
  seed(world, plain, ["plain"]);
  await world.remove([{ content: plain, tags: ["plain"] }]);

  const result = await world.restore();

  expect(world.statuses(result)).toEqual({ plain: "restored" });
});

it("does not bring back leases unless they are asked for", async () => {
  await using world = await openRestoreWorld();
  const lease = image("lease");
  seed(world, lease, ["tidemark-lease-0011223344556677-0"]);
  await world.remove([{ content: lease, tags: ["tidemark-lease-0011223344556677-0"] }]);

  const all = await world.restore();
  const one = await world.restore({ tags: ["tidemark-lease-0011223344556677-0"] });

  expect(all.items).toEqual([]);
  expect(one.items).toMatchObject([{ status: "restored" }]);
});

it("ends at once where nothing may be stored", async () => {
  await using world = await openRestoreWorld({
    faults: [
      {
        when: ({ method }) => method === "PUT",
        fault: { kind: "status", status: 403, code: "DENIED" },
      },
    ],
  });
  const plain = image("plain");
  seed(world, plain, ["plain"]);
  await world.remove([{ content: plain, tags: ["plain"] }]);

  await expect(world.restore()).rejects.toMatchObject({ name: "RegistryError", code: "denied" });
});

it("tells what it did and what it did not try when it is interrupted", async () => {
  const interruption = new AbortController();
  await using world = await openRestoreWorld();
  const child = image("child");
  const index = indexOf([child]);
  seed(world, index, ["multi"]);
  await world.remove([{ content: index, tags: ["multi"] }]);
  world.state.manifests.delete(child.digest);

  const result = await world.restore(
    {},
    {
      signal: interruption.signal,
      report: (event) => {
        if (event.type === "phase.advanced") interruption.abort(new Error("interrupted"));
      },
    },
  );

  expect(result).toMatchObject({ brokeOff: "interrupted", untried: 1 });
  expect(world.statuses(result)).toEqual({ [child.digest]: "restored" });
});

function undeleting(
  registry: Registry,
  undelete: (digest: Digest, tags: readonly string[]) => boolean,
): Registry {
  return {
    ...registry,
    capabilities: { ...registry.capabilities, undelete: "native" },
    async *undelete(_, deleted) {
      for (const { digest, tags } of deleted) {
        if (undelete(digest, tags)) yield { digest, status: "restored" };
        else yield { digest, status: "failed", error: new RegistryError("not-found", "too late") };
      }
    },
  };
}

function image(name: string): SeedContent {
  return imageOf({ labels: { name }, layers: [`layer of ${name}`] });
}

function signatureTag({ digest }: SeedContent): string {
  return `${digest.replace(":", "-")}.sig`;
}

function snapshot({ state }: RestoreWorld): object {
  const manifests = [...state.manifests].map(([digest, { mediaType, bytes }]) => {
    return [digest, { mediaType, text: new TextDecoder().decode(bytes) }] as const;
  });
  return { tags: new Map(state.tags), manifests: new Map(manifests) };
}

function writes({ server }: RestoreWorld): string[] {
  return server
    .requests()
    .filter(({ method }) => method !== "GET" && method !== "HEAD")
    .map(({ method, path }) => `${method} ${path}`);
}
