import { describe, expect, it } from "vitest";
import type { Fault } from "../../../contract-tests/fakes/faults.ts";
import { imageOf, indexOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { FakeRequest } from "../../../contract-tests/fakes/message.ts";
import { BY_PASSWORD, USER, openNexus } from "./fixture.ts";
import type { Setting } from "./fixture.ts";

const isSearch = ({ path }: FakeRequest): boolean => path.endsWith("/v1/search");
const IN_STORE = { ...BY_PASSWORD, "nexus-repository": "docker-hosted" } as const;

describe("an address", () => {
  it.each<[string, Setting]>([
    ["routed by path", {}],
    ["routed by path, with the token realm", { bearer: true }],
    ["routed by path, with the repository named too", { options: IN_STORE }],
    ["of a connector's subdomain", { connector: "docker-hosted", name: "shop", options: IN_STORE }],
    [
      "of a connector's port",
      { connector: "docker-hosted", name: "team/shop", options: IN_STORE, apiElsewhere: true },
    ],
  ])("%s lists with digests and removes a tag", async (_, setting) => {
    await using opened = await openNexus(setting);
    const { registry, repository, seed, warnings } = opened;
    const digest = seed(imageOf(), "1.0", "latest");

    const before = await Array.fromAsync(registry.listTags(repository));
    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["latest"]));
    const left = await Array.fromAsync(registry.listTags(repository));

    expect(before.map((entry) => [entry.tag, entry.digest])).toEqual([
      ["1.0", digest],
      ["latest", digest],
    ]);
    expect(outcomes).toEqual([{ tag: "latest", status: "deleted" }]);
    expect(left.map(({ tag }) => tag)).toEqual(["1.0"]);
    expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(digest);
    expect(warnings).toEqual([]);
  });

  it.each<[string, Setting, string]>([
    [
      "of a connector without the API's address",
      { connector: "docker-hosted", name: "shop", hasNoApi: true, options: IN_STORE },
      "--repo-nexus-api-url",
    ],
    [
      "of a connector without the repository's name",
      { connector: "docker-hosted", name: "team/shop" },
      "--repo-nexus-repository",
    ],
  ])("%s lists by name with a warning, and removes nothing", async (_, setting, hint) => {
    await using opened = await openNexus(setting);
    const { registry, repository, seed, warnings } = opened;
    seed(imageOf(), "1.0", "latest");

    const listed = await Array.fromAsync(registry.listTags(repository));
    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["latest"]));

    expect(listed).toEqual([{ tag: "1.0" }, { tag: "latest" }]);
    expect(warnings).toEqual([expect.stringContaining(hint)]);
    expect(outcomes).toMatchObject([
      { status: "failed", error: { code: "unsupported", hint: expect.stringContaining(hint) } },
    ]);
  });

  it("lists the images of every repository", async () => {
    await using opened = await openNexus();
    const { registry, repository, seed } = opened;
    seed(imageOf(), "1.0");

    const found = await Array.fromAsync(registry.listRepositories(""));

    expect(found).toEqual([repository]);
  });
});

describe("a list", () => {
  it("of 10 000 tags is read in pages of the registry and of the search", async () => {
    await using opened = await openNexus();
    const { registry, repository, seed, requests } = opened;
    const tags = Array.from({ length: 10_000 }, (_, n) => `t${n}`);
    const digest = seed(imageOf(), ...tags);

    const listed = await Array.fromAsync(registry.listTags(repository));

    expect(listed).toHaveLength(10_000);
    expect(listed.every((entry) => entry.digest === digest)).toBe(true);
    expect(requests().filter((one) => one.endsWith("/v1/search"))).toHaveLength(200);
    expect(requests().length).toBeLessThanOrEqual(200 + 10 + 5);
  });

  it("has a tag that the search does not know yet, by its name", async () => {
    let nowMs = Date.now();
    await using opened = await openNexus({ searchLagMs: 2000, now: () => nowMs });
    const { registry, repository, seed, fake } = opened;
    const digest = seed(imageOf(), "old");
    fake.components.all("docker-hosted");
    nowMs += 5000;
    seed(imageOf({ labels: { n: "new" } }), "new");

    const listed = await Array.fromAsync(registry.listTags(repository));

    expect(listed).toMatchObject([{ tag: "new" }, { tag: "old", digest }]);
    expect(listed[0]).toEqual({ tag: "new" });
  });

  it.each([401, 403, 404])(
    "comes by name, with a warning, when the search answers %i",
    async (status) => {
      const fault = { kind: "status", status } as const;
      await using opened = await openNexus({ rules: [{ when: isSearch, fault }] });
      const { registry, repository, seed, warnings } = opened;
      seed(imageOf(), "1.0");

      const listed = await Array.fromAsync(registry.listTags(repository));

      expect(listed).toEqual([{ tag: "1.0" }]);
      expect(warnings).toHaveLength(1);
    },
  );

  it.each<[string, Fault, string]>([
    ["500", { kind: "status", status: 500 }, "unavailable"],
    ["429", { kind: "throttled", retryAfter: "30" }, "rate-limited"],
    ["a page", { kind: "html", status: 200 }, "protocol"],
    ["broken JSON", { kind: "broken-json" }, "protocol"],
    ["a reset", { kind: "reset" }, "unavailable"],
  ])("ends in its class when the search ends in %s", async (_, fault, code) => {
    await using opened = await openNexus({ rules: [{ when: isSearch, fault }] });
    const { registry, repository, seed } = opened;
    seed(imageOf(), "1.0");

    const listed = Array.fromAsync(registry.listTags(repository));

    await expect(listed).rejects.toMatchObject({ code });
  });
});

describe("a deletion", () => {
  it("of listed tags takes a look at tag and component before it, and at the tag after it", async () => {
    await using opened = await openNexus();
    const { registry, repository, seed, requests } = opened;
    seed(imageOf(), "1.0", "2.0", "3.0");
    await Array.fromAsync(registry.listTags(repository));
    const before = requests().length;

    await Array.fromAsync(registry.deleteTags(repository, ["1.0", "2.0"]));

    const sent = requests()
      .slice(before)
      .map((one) => one.replace(/(components)\/.*/, "$1"));
    expect(sent.filter((one) => one === "DELETE /service/rest/v1/components")).toHaveLength(2);
    expect(sent).toHaveLength(10);
  });

  it("finds a tag that the search does not know yet", async () => {
    await using opened = await openNexus({ searchLagMs: 2000, pageSize: 2 });
    const { registry, repository, seed } = opened;
    const digest = seed(imageOf(), "a", "b", "c", "d", "e");

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["a", "e"]));

    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(["deleted"]));
    expect(await registry.resolve({ ...repository, tag: "e" })).toBeUndefined();
    expect((await registry.resolve({ ...repository, tag: "c" }))?.digest).toBe(digest);
  });

  it("keeps the manifest by digest, and a sibling of an index", async () => {
    await using opened = await openNexus();
    const { registry, repository, seed } = opened;
    const index = indexOf([imageOf()]);
    const digest = seed(index, "1.0", "latest");

    await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    expect((await registry.resolve({ ...repository, digest }))?.digest).toBe(digest);
    expect((await registry.resolve({ ...repository, tag: "latest" }))?.digest).toBe(digest);
    const child = index.children[0]?.digest ?? digest;
    expect((await registry.resolve({ ...repository, digest: child }))?.digest).toBe(child);
  });

  it("touches nothing of a repository that is not the one that is served", async () => {
    await using opened = await openNexus({
      repositories: { "docker-hosted": "hosted", other: "hosted" },
      options: { ...BY_PASSWORD, "nexus-repository": "other" },
    });
    const { registry, repository, seed, fake } = opened;
    seed(imageOf(), "1.0");
    const elsewhere = {
      manifests: new Map(),
      tags: new Map(),
      blobs: new Map(),
      uploads: new Map(),
    };
    fake.state.repositories.set("other/docker-hosted/shop", elsewhere);
    const stranger = imageOf({ labels: { n: "stranger" } });
    elsewhere.manifests.set(stranger.digest, stranger);
    elsewhere.tags.set("1.0", stranger.digest);

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
    expect(elsewhere.tags.has("1.0")).toBe(true);
  });

  it.each<[string, Setting]>([
    ["a connector", { connector: "team", name: "team/app" }],
    ["a path", { name: "team/app" }],
  ])("touches neither image where %s can mean two", async (_, setting) => {
    await using opened = await openNexus({
      ...setting,
      repositories: { team: "hosted" },
      options: { ...BY_PASSWORD, "nexus-repository": "team" },
    });
    const { registry, repository, seed, fake } = opened;
    const digest = seed(imageOf(), "1.0");
    const other = setting.connector === undefined ? "team/team/app" : "app";
    const copy = repositoryIn(fake.state, other);
    seedContent(copy, imageOf(), ["1.0"]);

    const listed = await Array.fromAsync(registry.listTags(repository));
    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    expect(listed).toEqual([{ tag: "1.0" }]);
    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "unsupported" } }]);
    expect(copy.tags.get("1.0")).toBe(digest);
    expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(digest);
  });

  it("is not called removed when another server's API removed its own", async () => {
    await using other = await openNexus();
    other.seed(imageOf(), "1.0");
    await using opened = await openNexus({
      options: { ...BY_PASSWORD, "nexus-api-url": other.server.url },
    });
    const { registry, repository, seed } = opened;
    const digest = seed(imageOf(), "1.0");

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "unsupported" } }]);
    expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(digest);
  });

  it("takes a name that begins with the repository's for an image of a connector", async () => {
    await using opened = await openNexus({
      connector: "team",
      name: "team/app",
      repositories: { team: "hosted" },
      options: { ...BY_PASSWORD, "nexus-repository": "team" },
    });
    const { registry, repository, seed } = opened;
    seed(imageOf(), "1.0");

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    expect(outcomes).toEqual([{ tag: "1.0", status: "deleted" }]);
  });

  it("leaves a tag that leads to nothing, and says so", async () => {
    await using opened = await openNexus();
    const { registry, repository, seed, fake } = opened;
    const digest = seed(imageOf(), "1.0");
    fake.components.dangle(repository.name, "1.0", digest);

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
  });

  it("lists a tag that leads to nothing", async () => {
    await using opened = await openNexus();
    const { registry, repository, seed, fake } = opened;
    const digest = seed(imageOf(), "1.0");
    fake.components.dangle(repository.name, "1.0", digest);

    const listed = await Array.fromAsync(registry.listTags(repository));

    expect(listed.map(({ tag }) => tag)).toEqual(["1.0"]);
    expect(await registry.resolve({ ...repository, tag: "1.0" })).toBeUndefined();
  });

  it("without the privilege is denied, in the words of Nexus", async () => {
    const user = { ...USER, privileges: ["browse", "read"] } as const;
    await using opened = await openNexus({ users: [user] });
    const { registry, repository, seed } = opened;
    seed(imageOf(), "1.0", "2.0");

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    expect(outcomes).toMatchObject([
      {
        status: "failed",
        error: { code: "denied", hint: expect.stringContaining("nx-repository-view-docker") },
      },
    ]);
    expect(await registry.resolve({ ...repository, tag: "1.0" })).toBeDefined();
  });

  it.each<[string, Fault, string]>([
    ["401", { kind: "status", status: 401 }, "unauthorized"],
    ["404 for a moment's component", { kind: "status", status: 404 }, "denied"],
    ["500", { kind: "status", status: 500 }, "unavailable"],
    ["429", { kind: "throttled" }, "rate-limited"],
    ["a page", { kind: "html", status: 200 }, "protocol"],
    ["a reset", { kind: "reset" }, "unavailable"],
  ])("ends in its class when the components answer with %s", async (_, fault, code) => {
    const isComponent = ({ path }: FakeRequest): boolean => path.includes("/v1/components");
    const rules = [{ when: isComponent, fault }];
    await using opened = await openNexus({
      rules: code === "denied" ? [{ when: ({ method }) => method === "DELETE", fault }] : rules,
    });
    const { registry, repository, seed } = opened;
    seed(imageOf(), "1.0", "2.0");

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code } }]);
    expect(await registry.resolve({ ...repository, tag: "1.0" })).toBeDefined();
  });
});

describe("a deployment policy", () => {
  it.each(["ALLOW_ONCE", "DENY"] as const)(
    "of %s refuses a second push with conflict",
    async (writePolicy) => {
      await using opened = await openNexus({ writePolicy });
      const { registry, repository, seed } = opened;
      const digest = seed(imageOf(), "1.0");

      const pushed = registry.putManifest(
        { ...repository, tag: "1.0" },
        imageOf({ labels: { n: "2" }, layers: ["layer"] }),
      );

      await expect(pushed).rejects.toMatchObject({
        code: "conflict",
        hint: expect.stringContaining("Disable redeploy"),
      });
      expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(digest);
    },
  );
});

describe("credentials", () => {
  it("of docker's configuration serve /v2/ and the API", async () => {
    const credentials = { kind: "password", ...USER } as const;
    await using opened = await openNexus({ options: {}, credentials });
    const { registry, repository, seed, warnings } = opened;
    const digest = seed(imageOf(), "1.0");

    const listed = await Array.fromAsync(registry.listTags(repository));

    expect(listed).toMatchObject([{ tag: "1.0", digest }]);
    expect(warnings).toEqual([]);
  });

  it.each([
    [{ "nexus-username": "bot" }, /nexus-username/],
    [{ "nexus-password": "x" }, /nexus-password/],
    [{ "nexus-repository": "a/b" }, /nexus-repository/],
    [{ "nexus-api-url": "nexus.example.com" }, /nexus-api-url/],
    [{ "nexus-api-url": "http://nexus.example.com" }, /not sent over http:/],
  ])(
    "and options that make no sense are refused by the option's name: %j",
    async (options, message) => {
      const opening = openNexus({ options });

      await expect(opening).rejects.toMatchObject({ code: "invalid" });
      await expect(opening).rejects.toThrow(message);
    },
  );

  it("that lack rights are told so by privilege", async () => {
    const user = { ...USER, privileges: ["browse", "read"] } as const;
    await using opened = await openNexus({ users: [user] });
    const { registry, repository, seed } = opened;
    seed(imageOf(), "1.0");

    const rights = await registry.checkRights(repository);

    expect(rights).toMatchObject({
      identity: "bot",
      list: { status: "granted" },
      push: {
        status: "refused",
        missing: expect.stringContaining("nx-repository-view-docker-docker-hosted-add"),
      },
      delete: { status: "unknown" },
    });
  });
});
