import { describe, expect, it } from "vitest";
import { imageOf, indexOf } from "../../../contract-tests/fakes/seed.ts";
import type { FakeRequest } from "../../../contract-tests/fakes/message.ts";
import { BY_PASSWORD, USER, openArtifactory } from "./fixture.ts";

const isSearch = ({ path }: FakeRequest): boolean => path.endsWith("/api/search/aql");

describe("a list", () => {
  it("of 10 000 tags is one search", async () => {
    await using opened = await openArtifactory();
    const { registry, repository, seed, requests } = opened;
    const tags = Array.from({ length: 10_000 }, (_, n) => `t${n}`);
    const digest = seed(imageOf(), ...tags);

    const listed = await Array.fromAsync(registry.listTags(repository));

    expect(listed).toHaveLength(10_000);
    expect(listed.every((entry) => entry.digest === digest && entry.pushedAt !== undefined)).toBe(
      true,
    );
    expect(requests()).toEqual(["GET /v2/", "POST /artifactory/api/search/aql"]);
  });

  it("that was trimmed is refused", async () => {
    await using opened = await openArtifactory({ searchLimit: 3 });
    const { registry, repository, seed } = opened;
    seed(imageOf(), "a", "b", "c", "d");

    const listed = Array.fromAsync(registry.listTags(repository));

    await expect(listed).rejects.toMatchObject({ code: "protocol" });
    await expect(listed).rejects.toThrow(/results are trimmed/);
  });

  it("tells the list of a tag that has a manifest behind it", async () => {
    await using opened = await openArtifactory();
    const { registry, repository, seed, fake } = opened;
    const behind = seed(imageOf({ labels: { n: "behind" } }));
    const digest = seed(indexOf([imageOf()]), "1.0");
    fake.storage.hide(repository.name, "1.0", behind);

    const listed = await Array.fromAsync(registry.listTags(repository));

    expect(listed).toMatchObject([{ tag: "1.0", digest }]);
  });

  it.each([
    ["the search leaves everything out", { ...USER, isBlind: true }, /shows none of its tags/],
  ])("comes by name, with a warning, when %s", async (_, user, warning) => {
    await using opened = await openArtifactory({ users: [user], pageSize: 2 });
    const { registry, repository, seed, warnings } = opened;
    seed(imageOf(), "a", "b", "c", "d", "e");

    const listed = await Array.fromAsync(registry.listTags(repository));

    expect(listed).toEqual(["a", "b", "c", "d", "e"].map((tag) => ({ tag })));
    expect(warnings).toEqual([expect.stringMatching(warning)]);
  });

  it.each([403, 404])(
    "comes by name, with a warning, when the search answers %i",
    async (status) => {
      const fault = { kind: "status", status } as const;
      await using opened = await openArtifactory({ rules: [{ when: isSearch, fault }] });
      const { registry, repository, seed, warnings } = opened;
      seed(imageOf(), "1.0");

      const listed = await Array.fromAsync(registry.listTags(repository));

      expect(listed).toEqual([{ tag: "1.0" }]);
      expect(warnings).toEqual([expect.stringContaining("search cannot be used")]);
    },
  );

  it("by name that shifts while it is read is read until it stands still", async () => {
    let seen = 0;
    const opened = await openArtifactory({
      users: [{ ...USER, isBlind: true }],
      pageSize: 2,
      rules: [
        {
          // From the second page on, what was on the first one is gone: everything moves up by one.
          when: ({ path }) => path.endsWith("/tags/list") && ++seen === 2,
          before: () =>
            void opened.fake.state.repositories.get("docker-local/shop")?.tags.delete("a"),
        },
      ],
    });
    await using _ = opened;
    const { registry, repository, seed } = opened;
    seed(imageOf(), "a", "b", "c", "d");

    const listed = await Array.fromAsync(registry.listTags(repository));

    expect(listed.map(({ tag }) => tag)).toEqual(["b", "c", "d"]);
  });
});

describe("credentials", () => {
  it.each([
    ["a user and a password", BY_PASSWORD],
    ["a token", { "artifactory-token": USER.token }],
    ["a token and its user", { "artifactory-token": USER.token, "artifactory-username": "bot" }],
  ])("%s serve /v2/ and the API", async (_, options) => {
    await using opened = await openArtifactory({ options });
    const { registry, repository, seed, warnings } = opened;
    const digest = seed(imageOf(), "1.0", "2.0");

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    expect(outcomes).toEqual([{ tag: "1.0", status: "deleted" }]);
    expect((await registry.resolve({ ...repository, tag: "2.0" }))?.digest).toBe(digest);
    expect(warnings).toEqual([]);
  });

  it("of docker's configuration serve both too", async () => {
    const { username, password } = USER;
    const credentials = { kind: "password", username, password } as const;
    await using opened = await openArtifactory({ options: {}, credentials });
    const { registry, repository, seed, warnings } = opened;
    seed(imageOf(), "1.0");

    const listed = await Array.fromAsync(registry.listTags(repository));

    expect(listed).toMatchObject([{ tag: "1.0", size: expect.any(Number) }]);
    expect(warnings).toEqual([]);
  });

  it.each([
    [{ "artifactory-username": "bot" }, /artifactory-username/],
    [{ "artifactory-password": "x" }, /artifactory-password/],
    [{ "artifactory-password": "x", "artifactory-token": "y" }, /artifactory-token/],
    [{ "artifactory-repository-key": "a/b" }, /artifactory-repository-key/],
    [{ "artifactory-api-url": "example.com" }, /artifactory-api-url/],
    [{ "artifactory-api-url": "http://example.com/artifactory" }, /not sent over http:/],
    [{ "artifactory-api-url": "https://bot:pw@example.com" }, /do not belong/],
  ])("that make no sense are refused by the option's name: %j", async (options, message) => {
    const opening = openArtifactory({ options });

    await expect(opening).rejects.toMatchObject({ code: "invalid" });
    await expect(opening).rejects.toThrow(message);
  });

  it("are never seen in what Artifactory is quoted with", async () => {
    const fault = { kind: "status", status: 403, code: `DENIED ${USER.token}` } as const;
    await using opened = await openArtifactory({
      options: { "artifactory-token": USER.token },
      rules: [{ when: ({ method }) => method === "DELETE", fault }],
    });
    const { registry, repository, seed } = opened;
    seed(imageOf(), "1.0", "2.0");

    const [outcome] = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    const words = outcome?.status === "failed" ? outcome.error.message : "";
    expect(words).toContain("denied");
    expect(words).not.toContain(USER.token);
  });
});

describe("rights", () => {
  it("are named as permission targets name them", async () => {
    const user = { ...USER, permissions: ["read"] } as const;
    await using opened = await openArtifactory({ users: [user] });
    const { registry, repository, seed } = opened;
    seed(imageOf(), "1.0");

    const rights = await registry.checkRights(repository);

    expect(rights).toMatchObject({
      identity: "bot",
      list: { status: "granted" },
      push: { status: "refused", missing: expect.stringContaining("Deploy/Cache") },
      delete: { status: "refused", missing: expect.stringContaining("Delete/Overwrite") },
    });
  });
});
