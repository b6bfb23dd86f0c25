import { describe, expect, it } from "vitest";
import { dockerRegistry2, zotLike } from "../../contract-tests/fakes/personality.ts";
import { imageOf, indexOf, seedContent } from "../../contract-tests/fakes/seed.ts";
import { digestBy, repositoryIn } from "../../contract-tests/fakes/state.ts";
import { openHarness } from "./harness.ts";
import type { Harness, HarnessOptions } from "./harness.ts";

const image = imageOf();
const ABSENT = digestBy("sha256", new Uint8Array());

describe("deleteTags", () => {
  it("removes tags alone; one that is gone counts as deleted", async () => {
    const harness = await seeded();
    const { registry, repository } = harness;

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["a", "never", "b"]));

    expect(outcomes.map(({ tag, status }) => `${tag} ${status}`).sort()).toEqual([
      "a deleted",
      "b deleted",
      "never deleted",
    ]);
    expect(tagsOf(harness)).toEqual(["c"]);
    expect(await registry.resolve({ ...repository, digest: image.digest })).toBeDefined();
  });

  it.each([
    ["takes a tag for a digest", dockerRegistry2],
    ["has it switched off", { tagDeletion: "405" as const }],
  ])("settles every tag as unsupported where the server %s", async (_, fake) => {
    const { registry, repository } = await seeded({ fake });

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["a", "b"]));

    expect(outcomes.map((outcome) => outcome.status === "failed" && outcome.error.code)).toEqual([
      "unsupported",
      "unsupported",
    ]);
  });

  it("sends nothing once it was learned that the server cannot", async () => {
    const { registry, repository, log } = await seeded({ fake: dockerRegistry2 });
    expect(await registry.learn(repository)).toMatchObject({ tagDeletion: "none" });
    log();

    const deleting = Array.fromAsync(registry.deleteTags(repository, ["a"]));

    await expect(deleting).rejects.toMatchObject({ code: "unsupported" });
    expect(log()).toEqual([]);
  });
});

describe("deleteManifests", () => {
  it("removes a manifest with its tags; one that is gone counts as deleted", async () => {
    const harness = await seeded();
    const { registry, repository } = harness;

    const outcomes = await Array.fromAsync(
      registry.deleteManifests(repository, [image.digest, ABSENT]),
    );

    expect(outcomes.map(({ status }) => status)).toEqual(["deleted", "deleted"]);
    expect(tagsOf(harness)).toEqual([]);
  });

  it("says where deletion is switched off", async () => {
    const { registry, repository } = await seeded({ fake: { manifestDeletion: "405" } });

    const [outcome] = await Array.fromAsync(registry.deleteManifests(repository, [image.digest]));

    expect(outcome).toMatchObject({
      status: "failed",
      error: { code: "unsupported", status: 405, hint: expect.stringContaining("switched off") },
    });
  });

  it("goes on after a failure", async () => {
    const child = imageOf({ labels: { child: "yes" } });
    const harness = await seeded({ fake: zotLike });
    const { registry, repository, fake } = harness;
    seedContent(repositoryIn(fake.state, repository.name), indexOf([child]), ["multi"]);

    const outcomes = await Array.fromAsync(
      registry.deleteManifests(repository, [child.digest, image.digest]),
    );

    const byDigest = new Map(outcomes.map((outcome) => [outcome.digest, outcome]));
    expect(byDigest.get(child.digest)).toMatchObject({
      status: "failed",
      error: { code: "denied" },
    });
    expect(byDigest.get(image.digest)).toMatchObject({ status: "deleted" });
  });

  it.each([
    ["the registry", { kind: "status", status: 404, code: "NAME_UNKNOWN" }],
    ["nobody in particular", { kind: "status", status: 404 }],
    ["a proxy", { kind: "html", status: 404 }],
  ] as const)("says no to what a 404 of %s leaves there", async (_, fault) => {
    const faults = [{ when: ({ method }: { method: string }) => method === "DELETE", fault }];
    const harness = await seeded({ faults });
    const { registry, repository } = harness;

    const outcomes = [
      ...(await Array.fromAsync(registry.deleteManifests(repository, [image.digest]))),
      ...(await Array.fromAsync(registry.deleteTags(repository, ["a"]))),
    ];

    const denied = { status: "failed", error: { code: "denied", status: 404 } };
    expect(outcomes).toMatchObject([denied, denied]);
    expect(tagsOf(harness)).toEqual(["a", "b", "c"]);
  });

  it("counts as deleted what a lost answer made it ask for twice", async () => {
    const faults = [
      {
        when: ({ method }: { method: string }) => method === "DELETE",
        times: 1,
        fault: { kind: "reset-after" },
      },
    ] as const;
    const { registry, repository } = await seeded({ faults });

    const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [image.digest]));

    expect(outcomes).toMatchObject([{ status: "deleted" }]);
  });

  it("settles hundreds, each once", async () => {
    const harness = await openHarness();
    const { registry, repository, fake } = harness;
    const digests = Array.from({ length: 300 }, (_, at) =>
      seedContent(repositoryIn(fake.state, repository.name), imageOf({ labels: { at: `${at}` } })),
    );

    const outcomes = await Array.fromAsync(registry.deleteManifests(repository, digests));

    expect(outcomes.map(({ digest }) => digest).sort()).toEqual([...digests].sort());
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(["deleted"]));
  });

  it("stops with the reason of a signal and starts nothing more", async () => {
    const harness = await openHarness();
    const { registry, repository, fake } = harness;
    const state = repositoryIn(fake.state, repository.name);
    const digests = Array.from({ length: 300 }, (_, at) =>
      seedContent(state, imageOf({ labels: { at: `${at}` } })),
    );
    const controller = new AbortController();
    const reason = new Error("enough");

    const deleting = (async () => {
      for await (const outcome of registry.deleteManifests(repository, digests, controller)) {
        expect(outcome.status).toBe("deleted");
        controller.abort(reason);
      }
    })();

    await expect(deleting).rejects.toBe(reason);
    expect(state.manifests.size).toBeGreaterThan(200);
  });

  it("settles what a dead connection leaves as unavailable", async () => {
    const { registry, repository } = await seeded({ faults: [{ fault: { kind: "reset" } }] });

    const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [image.digest]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "unavailable" } }]);
  });
});

describe("learn", () => {
  it.each([
    ["a conforming server", {}, { tagDeletion: "distribution", referrers: "api" }],
    ["docker-registry 2.8", dockerRegistry2, { tagDeletion: "none", referrers: "fallback-tag" }],
    ["zot", zotLike, { tagDeletion: "distribution", referrers: "api" }],
    [
      "a read-only server",
      { tagDeletion: "405" as const },
      { tagDeletion: "none", referrers: "api" },
    ],
  ])("finds out what %s does, once, and changes nothing", async (_, fake, learned) => {
    const harness = await seeded({ fake });
    const { registry, repository, log } = harness;

    expect(await registry.learn(repository)).toMatchObject(learned);
    expect(await registry.learn(repository)).toMatchObject(learned);

    expect(log()).toHaveLength(2);
    expect(tagsOf(harness)).toEqual(["a", "b", "c"]);
  });

  it.each([
    ["a page that says 404", { kind: "html", status: 404 }],
    ["a refusal", { kind: "status", status: 403, code: "DENIED" }],
  ] as const)("takes %s for no", async (_, fault) => {
    const faults = [{ when: ({ method }: { method: string }) => method === "DELETE", fault }];
    const { registry, repository } = await seeded({ faults });

    expect(await registry.learn(repository)).toMatchObject({ tagDeletion: "none" });
  });

  it("rejects when nobody answers, and asks again later", async () => {
    const { registry, repository } = await seeded({
      faults: [{ fault: { kind: "reset" }, times: 6 }],
    });

    await expect(registry.learn(repository)).rejects.toMatchObject({ code: "unavailable" });
    expect(await registry.learn(repository)).toMatchObject({ tagDeletion: "distribution" });
  });
});

describe("collectGarbage", () => {
  it("is the registry's own business", async () => {
    const { registry, repository, log } = await seeded();

    const collecting = registry.collectGarbage(repository, { graceMs: 0 });

    await expect(collecting).rejects.toMatchObject({ code: "unsupported" });
    expect(log()).toEqual([]);
  });
});

async function seeded(options: HarnessOptions = {}): Promise<Harness> {
  const harness = await openHarness(options);
  seedContent(repositoryIn(harness.fake.state, harness.repository.name), image, ["a", "b", "c"]);
  return harness;
}

function tagsOf({ fake, repository }: Harness): readonly string[] {
  return [...repositoryIn(fake.state, repository.name).tags.keys()];
}
