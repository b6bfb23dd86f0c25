import { describe, expect, it } from "vitest";
import { ALL_ACTIONS } from "../../../contract-tests/fakes/acr/tokens.ts";
import { descriptorOf, imageOf } from "../../../contract-tests/fakes/seed.ts";
import type { AdapterOptionValues, Credentials } from "../../../src/registry/adapter.ts";
import { TOKEN, openAcr } from "./fixture.ts";

describe("listTags", () => {
  it("lists 10 000 tags in ten requests, a doubt about the last page and three for a token", async () => {
    const { seed, registry, repository, log } = await openAcr();
    seed(imageOf(), ...Array.from({ length: 10_000 }, (_, at) => `build-${at}`));

    const entries = await Array.fromAsync(registry.listTags(repository));

    expect(new Set(entries.map(({ tag }) => tag)).size).toBe(10_000);
    const lines = log();
    expect(lines.filter((line) => line.includes("GET 200 /acr/v1/"))).toHaveLength(11);
    expect(lines.length).toBeLessThanOrEqual(14);
  });

  it("lists names alone without metadata/read, and says so once", async () => {
    const { seed, registry, repository, warnings } = await openAcr({
      acr: { users: [{ ...TOKEN, actions: ["pull", "delete"] }] },
    });
    seed(imageOf(), "1.0", "2.0");

    const entries = await Array.fromAsync(registry.listTags(repository));

    expect(entries).toEqual([{ tag: "1.0" }, { tag: "2.0" }]);
    expect(warnings).toHaveLength(1);
  });
});

describe("deleteManifests", () => {
  it("asks for the tags right before, and deletes by digest", async () => {
    const { seed, registry, repository, log } = await openAcr();
    const digest = seed(imageOf(), "1.0", "latest");
    await Array.fromAsync(registry.listTags(repository));
    log();

    const outcomes = await Array.fromAsync(
      registry.deleteManifests(repository, [digest], {
        tags: new Map([[digest, ["1.0", "latest"]]]),
      }),
    );

    expect(outcomes).toEqual([{ digest, status: "deleted" }]);
    const encoded = encodeURIComponent(digest);
    expect(log().filter((line) => / 20\d \/(?:acr|v2)\//.test(line))).toEqual([
      `GET 200 /acr/v1/acme/shop/_tags?n=1000&digest=${encoded}`,
      `DELETE 202 /v2/acme/shop/manifests/${digest}`,
    ]);
  });

  it.each([
    ["a tag that nobody knew", ["1.0"], undefined],
    ["a locked tag", ["1.0", "latest"], "latest"],
  ])("leaves everything for %s: a conflict", async (_, known, locked) => {
    const { acr, seed, registry, repository } = await openAcr();
    const digest = seed(imageOf(), "1.0", "latest");
    if (locked !== undefined) acr.lock(repository.name, locked);

    const outcomes = await Array.fromAsync(
      registry.deleteManifests(repository, [digest], { tags: new Map([[digest, known]]) }),
    );

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
    expect(await Array.fromAsync(registry.listTags(repository))).toHaveLength(2);
  });

  it("leaves the manifest when nobody can tell what else is on it", async () => {
    const { seed, registry, repository } = await openAcr({
      acr: { users: [{ ...TOKEN, actions: ["pull", "delete"] }] },
    });
    const digest = seed(imageOf(), "1.0");

    const outcomes = await Array.fromAsync(
      registry.deleteManifests(repository, [digest], { tags: new Map([[digest, ["1.0"]]]) }),
    );

    expect(outcomes).toMatchObject([{ status: "failed" }]);
    expect(await registry.resolve({ ...repository, digest })).toBeDefined();
  });

  it("takes along what has it as its subject, as the record says", async () => {
    const { seed, registry, repository } = await openAcr();
    const subject = imageOf();
    const digest = seed(subject, "1.0");
    const signature = seed(
      imageOf({ layers: ["signature"], subject: descriptorOf(subject) }),
      "sig",
    );

    await Array.fromAsync(registry.deleteManifests(repository, [digest]));

    expect(await registry.resolve({ ...repository, digest: signature })).toBeUndefined();
  });
});

describe("locks", () => {
  it.each(["manifest", "repository"])("of the %s make a deletion a conflict", async (what) => {
    const { acr, seed, registry, repository } = await openAcr();
    const digest = seed(imageOf(), "1.0");
    acr.lock(repository.name, what === "manifest" ? digest : undefined);

    const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

    expect(outcomes).toMatchObject([
      {
        status: "failed",
        error: { code: "conflict", registryCode: "REGISTRY_DISALLOWED_OPERATION", status: 405 },
      },
    ]);
    expect(await registry.resolve({ ...repository, digest })).toBeDefined();
  });

  it("of a tag make its deletion a conflict; its sibling goes", async () => {
    const { acr, seed, registry, repository } = await openAcr();
    seed(imageOf(), "1.0", "latest");
    acr.lock(repository.name, "1.0");

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0", "latest"]));

    expect(outcomes.toSorted((a, b) => (a.tag < b.tag ? -1 : 1))).toMatchObject([
      { tag: "1.0", status: "failed", error: { code: "conflict" } },
      { tag: "latest", status: "deleted" },
    ]);
  });

  it.each(["delete", "write"])(
    "against %s on a tag keep its manifest, which goes by its digest otherwise",
    async (what) => {
      const { acr, seed, registry, repository } = await openAcr();
      const digest = seed(imageOf(), "1.0", "latest");
      acr.lock(repository.name, "1.0", what === "write" ? { deleteEnabled: true } : {});
      const tags = new Map([[digest, ["1.0", "latest"]]]);

      const outcomes = await Array.fromAsync(
        registry.deleteManifests(repository, [digest], { tags }),
      );

      expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
      expect(await registry.resolve({ ...repository, tag: "1.0" })).toBeDefined();
    },
  );

  it("keep a tag where it is: a conflict", async () => {
    const { acr, seed, registry, repository } = await openAcr();
    seed(imageOf(), "1.0");
    acr.lock(repository.name, "1.0");

    const put = registry.putManifest(
      { ...repository, tag: "1.0" },
      imageOf({ labels: { n: "2" } }),
    );

    await expect(put).rejects.toMatchObject({ code: "conflict" });
  });

  it("are not the reason of every 405", async () => {
    const { seed, registry, repository } = await openAcr({
      faults: [
        {
          when: ({ method }) => method === "DELETE",
          fault: { kind: "status", status: 405, code: "UNSUPPORTED" },
        },
      ],
    });
    seed(imageOf(), "1.0");

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "unsupported" } }]);
  });
});

describe("credentials", () => {
  it.each<[AdapterOptionValues, string]>([
    [{ "acr-username": "x" }, "acr-username needs acr-password"],
    [{ "acr-password": "x" }, "acr-password needs acr-username"],
  ])("%j: %s", async (options, text) => {
    await expect(openAcr({ options })).rejects.toThrow(text);
  });

  it("of docker's configuration serve both APIs", async () => {
    const credentials: Credentials = { kind: "password", ...TOKEN };
    const { seed, registry, repository } = await openAcr({ options: {}, credentials });
    const digest = seed(imageOf(), "1.0");

    const [entry] = await Array.fromAsync(registry.listTags(repository));

    expect(entry).toMatchObject({ tag: "1.0", digest });
    expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(digest);
  });

  it("that carry a refresh token as a password are used as one, and told when it is over", async () => {
    const credentials: Credentials = {
      kind: "password",
      username: "00000000-0000-0000-0000-000000000000",
      password: "a-refresh-token-that-is-over",
    };
    const { seed, registry, repository, log } = await openAcr({ options: {}, credentials });
    seed(imageOf(), "1.0");

    const listed = Array.fromAsync(registry.listTags(repository));

    await expect(listed).rejects.toMatchObject({ code: "unauthorized" });
    expect(log().some((line) => line.startsWith("POST 401 /oauth2/token"))).toBe(true);
  });
});

it.each([
  [ALL_ACTIONS, "granted", "granted", "granted"],
  [["pull", "metadata_read"] as const, "granted", "refused", "refused"],
  [["pull"] as const, "refused", "refused", "refused"],
])("tells the rights of a token that may %j", async (actions, list, push, removal) => {
  const { seed, registry, repository } = await openAcr({ acr: { users: [{ ...TOKEN, actions }] } });
  seed(imageOf(), "1.0");

  const rights = await registry.checkRights(repository);

  expect(rights).toMatchObject({
    list: { status: list },
    read: { status: "granted" },
    push: { status: push },
    delete: { status: removal },
  });
  const missing = rights.list.status === "refused" ? rights.list.missing : undefined;
  expect(missing?.includes("metadata/read")).toBe(list === "refused" ? true : undefined);
});
