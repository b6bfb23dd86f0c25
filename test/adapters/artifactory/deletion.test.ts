import { describe, expect, it } from "vitest";
import type { Fault } from "../../../contract-tests/fakes/faults.ts";
import { imageOf, indexOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { USER, openArtifactory } from "./fixture.ts";

describe("deleteManifests", () => {
  it("looks before and after, whatever the number of manifests", async () => {
    await using opened = await openArtifactory();
    const { registry, repository, seed, requests } = opened;
    const digests = Array.from({ length: 20 }, (_, n) =>
      seed(imageOf({ labels: { n: `${n}` } }), `t${n}`),
    );
    const tags = new Map(digests.map((digest, n) => [digest, [`t${n}`]]));

    const outcomes = await Array.fromAsync(registry.deleteManifests(repository, digests, { tags }));

    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(["deleted"]));
    expect(requests().filter((one) => one.startsWith("DELETE"))).toHaveLength(20);
    expect(requests().filter((one) => one.startsWith("POST"))).toHaveLength(3);
  });

  it("cuts searches to what a query may be long", async () => {
    await using opened = await openArtifactory();
    const { registry, repository, seed } = opened;
    const digests = Array.from({ length: 150 }, (_, n) =>
      seed(imageOf({ labels: { n: `${n}` } }), `t${n}`),
    );

    const outcomes = await Array.fromAsync(registry.deleteManifests(repository, digests));

    expect(outcomes.filter(({ status }) => status === "deleted")).toHaveLength(150);
  });

  it("fails with conflict when the manifest is pushed again meanwhile, and leaves the new tag", async () => {
    const image = imageOf();
    const opened = await openArtifactory({
      rules: [
        {
          when: ({ method }) => method === "DELETE",
          before: () => void opened.seed(image, "new"),
        },
      ],
    });
    await using _ = opened;
    const { registry, repository, seed } = opened;
    const digest = seed(image, "1.0");

    const outcomes = await Array.fromAsync(
      registry.deleteManifests(repository, [digest], { tags: new Map([[digest, ["1.0"]]]) }),
    );

    expect(outcomes).toMatchObject([{ digest, status: "failed", error: { code: "conflict" } }]);
    expect((await registry.resolve({ ...repository, tag: "new" }))?.digest).toBe(digest);
  });

  it("leaves a copy that lies behind another tag's list", async () => {
    await using opened = await openArtifactory();
    const { registry, repository, seed, fake } = opened;
    const behind = seed(imageOf({ labels: { n: "behind" } }), "old");
    const list = seed(indexOf([imageOf()]), "1.0");
    fake.storage.hide(repository.name, "1.0", behind);

    const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [behind]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
    expect((await registry.resolve({ ...repository, tag: "old" }))?.digest).toBe(behind);
    expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(list);
  });

  it("leaves a tag whose folder holds the only copy of another manifest", async () => {
    await using opened = await openArtifactory();
    const { registry, repository, seed, fake } = opened;
    const list = seed(indexOf([imageOf()]), "1.0");
    const behind = seed(imageOf({ labels: { n: "behind" } }));
    fake.storage.hide(repository.name, "1.0", behind);

    const [byDigest] = await Array.fromAsync(registry.deleteManifests(repository, [list]));
    const [byTag] = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    expect(byDigest).toMatchObject({ status: "failed", error: { code: "conflict" } });
    expect(byTag).toMatchObject({ status: "failed", error: { code: "conflict" } });
    expect((await registry.resolve({ ...repository, digest: behind }))?.digest).toBe(behind);
  });

  it("removes what a push by digest made, and leaves a nested image alone", async () => {
    await using opened = await openArtifactory();
    const { registry, repository, seed, fake } = opened;
    const digest = seed(imageOf());
    const nested = { ...repository, name: `${repository.name}/deeper` };
    fake.state.repositories.set(nested.name, {
      manifests: new Map(fake.state.repositories.get(repository.name)?.manifests),
      tags: new Map([["1.0", digest]]),
      blobs: new Map(),
      uploads: new Map(),
    });

    const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

    expect(outcomes).toEqual([{ digest, status: "deleted" }]);
    expect(await registry.resolve({ ...repository, digest })).toBeUndefined();
    expect((await registry.resolve({ ...nested, tag: "1.0" }))?.digest).toBe(digest);
  });

  it("leaves a tag whose folder another image lies in, and that image", async () => {
    await using opened = await openArtifactory();
    const { registry, repository, seed, fake } = opened;
    const digest = seed(imageOf(), "api", "1.0");
    const nested = { ...repository, name: `${repository.name}/api` };
    const deeper = seedContent(repositoryIn(fake.state, nested.name), imageOf(), ["2.0"]);

    const [byDigest] = await Array.fromAsync(registry.deleteManifests(repository, [digest]));
    const byTag = await Array.fromAsync(registry.deleteTags(repository, ["api", "1.0"]));

    expect(byDigest).toMatchObject({ status: "failed", error: { code: "conflict" } });
    expect(byTag.toSorted((a) => (a.tag === "api" ? -1 : 1))).toMatchObject([
      { tag: "api", status: "failed", error: { code: "conflict" } },
      { tag: "1.0", status: "deleted" },
    ]);
    expect((await registry.resolve({ ...repository, tag: "api" }))?.digest).toBe(digest);
    expect((await registry.resolve({ ...nested, tag: "2.0" }))?.digest).toBe(deeper);
  });

  it("does not count as gone what the search only hides", async () => {
    await using opened = await openArtifactory({ users: [{ ...USER, isBlind: true }] });
    const { registry, repository, seed } = opened;
    const digest = seed(imageOf(), "1.0");

    const [byDigest] = await Array.fromAsync(registry.deleteManifests(repository, [digest]));
    const [byTag] = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    expect(byDigest).toMatchObject({ status: "failed", error: { code: "denied" } });
    expect(byTag).toMatchObject({ status: "failed", error: { code: "denied" } });
  });

  it.each(["remote", "virtual"] as const)(
    "says why a %s repository removes nothing",
    async (kind) => {
      await using opened = await openArtifactory({ repositories: { "docker-local": kind } });
      const { registry, repository, seed, requests } = opened;
      const digest = seed(imageOf(), "1.0");

      const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

      expect(outcomes).toMatchObject([
        {
          status: "failed",
          error: { code: "unsupported", hint: expect.stringContaining("local") },
        },
      ]);
      expect(requests().filter((one) => one.startsWith("DELETE"))).toEqual([]);
    },
  );

  it.each<[string, Fault, string]>([
    ["401", { kind: "status", status: 401 }, "unauthorized"],
    ["403", { kind: "status", status: 403 }, "denied"],
    ["429 for good", { kind: "throttled" }, "rate-limited"],
    ["500", { kind: "status", status: 500 }, "unavailable"],
    ["a reset", { kind: "reset" }, "unavailable"],
    ["a page", { kind: "html", status: 200 }, "protocol"],
    ["broken JSON", { kind: "broken-json" }, "protocol"],
    ["an empty answer", { kind: "status", status: 200 }, "protocol"],
  ])("removes nothing when the search before it ends in %s", async (_, fault, code) => {
    const isSearch = ({ path }: { readonly path: string }): boolean => path.endsWith("/search/aql");
    await using opened = await openArtifactory({ rules: [{ when: isSearch, fault }] });
    const { registry, repository, seed, requests } = opened;
    const digest = seed(imageOf(), "1.0");

    const outcomes = [
      ...(await Array.fromAsync(registry.deleteManifests(repository, [digest]))),
      ...(await Array.fromAsync(registry.deleteTags(repository, ["1.0"]))),
    ];

    expect(outcomes).toMatchObject([{ error: { code } }, { error: { code } }]);
    expect(requests().filter((one) => one.startsWith("DELETE"))).toEqual([]);
  });
});

describe("undelete", () => {
  it("does not overwrite a tag that has moved on", async () => {
    await using opened = await openArtifactory();
    const { registry, repository, seed } = opened;
    const digest = seed(imageOf(), "1.0");
    await Array.fromAsync(registry.deleteManifests(repository, [digest]));
    const now = seed(imageOf({ labels: { n: "now" } }), "1.0");

    const outcomes = await Array.fromAsync(
      registry.undelete(repository, [{ digest, tags: ["1.0"] }]),
    );

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
    expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(now);
  });

  it.each([
    ["the trash can is off", { hasTrash: false }],
    ["the user may not manage", { users: [{ ...USER, permissions: ["read", "delete"] as const }] }],
  ])("says so when %s", async (_, setting) => {
    await using opened = await openArtifactory(setting);
    const { registry, repository, seed } = opened;
    const digest = seed(imageOf(), "1.0");
    await Array.fromAsync(registry.deleteManifests(repository, [digest]));

    const outcomes = await Array.fromAsync(
      registry.undelete(repository, [{ digest, tags: ["1.0"] }]),
    );

    expect(outcomes).toMatchObject([
      { status: "failed", error: { code: "not-found", hint: expect.stringContaining("Manage") } },
    ]);
  });
});
