import { describe, expect, it } from "vitest";
import { createApi } from "../../../adapters/gitlab/api.ts";
import type { Graphql } from "../../../adapters/gitlab/api.ts";
import { listTagsByApi } from "../../../adapters/gitlab/tag-listing.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import type { HttpClient } from "../../../src/http/client.ts";
import type { AdapterContext } from "../../../src/registry/adapter.ts";
import { RegistryError } from "../../../src/registry/error.ts";
import { PEOPLE, openFixture } from "./fixture.ts";

const graphql: NonNullable<FaultRule["when"]> = ({ path, body }) =>
  path === "/api/graphql" && Buffer.from(body).includes("listTags");

describe("a listing with a token for the API", () => {
  it("tells digest, type and push of each tag", async () => {
    const { registry, repository, seed } = await openFixture();
    const image = imageOf();
    seed(image, ["1.0"]);
    await registry.putManifest({ ...repository, tag: "2.0" }, image);

    const entries = await Array.fromAsync(registry.listTags(repository));

    const { digest, mediaType } = image;
    expect(entries).toMatchObject([
      { tag: "1.0", digest, mediaType },
      { tag: "2.0", digest, mediaType },
    ]);
    expect(Date.now() - (entries[1]?.pushedAt ?? 0)).toBeLessThan(60_000);
  });

  it("takes a page for a hundred tags, one request for the address and one for the id", async () => {
    const { registry, repository, seed, requests } = await openFixture();
    seed(
      imageOf(),
      Array.from({ length: 3_000 }, (_, at) => `build-${at}`),
    );

    const entries = await Array.fromAsync(registry.listTags(repository));

    expect(entries).toHaveLength(3_000);
    expect(requests()).toHaveLength(32);
  });

  it("is satisfied with digests where the server knows no more", async () => {
    const { registry, repository, seed } = await openFixture({
      traits: { lacks: ["publishedAt", "mediaType"] },
    });
    const image = imageOf();
    seed(image, ["1.0"]);

    const entries = await Array.fromAsync(registry.listTags(repository));

    expect(entries).toEqual([{ tag: "1.0", digest: image.digest }]);
  });

  it("finds a repository that is the project itself, and one behind a full page of others", async () => {
    const { registry, repository, seed } = await openFixture({ traits: { pageSize: 2 } });
    for (const name of ["acme/app", "acme/app/a", "acme/app/b"]) seed(imageOf(), ["x"], name);
    seed(imageOf(), ["1.0"]);

    const outer = await Array.fromAsync(registry.listTags({ ...repository, name: "acme/app" }));
    const inner = await Array.fromAsync(registry.listTags(repository));

    expect(outer.map(({ tag, digest }) => [tag, digest !== undefined])).toEqual([["x", true]]);
    expect(inner.map(({ tag, digest }) => [tag, digest !== undefined])).toEqual([["1.0", true]]);
  });

  it.each([
    [401, "unauthorized"],
    [403, "denied"],
    [503, "unavailable"],
    [429, "rate-limited"],
  ])("rejects when %i comes in the middle", async (status, code) => {
    let pages = 0;
    const { registry, repository, seed } = await openFixture({
      traits: { pageSize: 10 },
      faults: [
        {
          when: (request, at) => graphql(request, at) && ++pages > 1,
          fault: { kind: "status", status },
        },
      ],
    });
    seed(
      imageOf(),
      Array.from({ length: 25 }, (_, at) => `build-${at}`),
    );

    const listed = Array.fromAsync(registry.listTags(repository));

    await expect(listed).rejects.toMatchObject({ name: "RegistryError", code });
  });

  it.each<FaultRule["fault"]>([
    { kind: "broken-json" },
    { kind: "html", status: 200 },
    { kind: "status", status: 200 },
  ])("rejects an answer of nonsense: $kind", async (fault) => {
    const { registry, repository, seed } = await openFixture({
      faults: [{ when: graphql, ...(fault === undefined ? {} : { fault }) }],
    });
    seed(imageOf(), ["1.0"]);

    const listed = Array.fromAsync(registry.listTags(repository));

    await expect(listed).rejects.toMatchObject({ name: "RegistryError", code: "protocol" });
  });

  it("asks again after an outage, though it asks with POST", async () => {
    const { registry, repository, seed } = await openFixture({
      faults: [{ when: graphql, times: 2, fault: { kind: "reset" } }],
    });
    seed(imageOf(), ["1.0"]);

    expect(await Array.fromAsync(registry.listTags(repository))).toHaveLength(1);
  });
});

describe("a listing whose last page is missing", () => {
  const names = ["a", "b", "c", "d", "e"];

  it.each([1, 2])("is refused after %i pages of two tags", async (pages) => {
    const listed = Array.fromAsync(listTagsByApi(pagesOf(names, pages), PLACE, "gid", {}));

    await expect(listed).rejects.toMatchObject({
      code: "protocol",
      message: expect.stringContaining(`it has ${pages * 2} tags, and there are 5`),
    });
  });

  it("is whole with all of them", async () => {
    const listed = await Array.fromAsync(listTagsByApi(pagesOf(names, 3), PLACE, "gid", {}));

    expect(listed.map(({ tag }) => tag)).toEqual(names);
  });
});

const PLACE = { host: "registry.example", name: "acme/app" };

/** GraphQL that answers the first `pages` pages of two tags, and the number of all tags where it is asked for. */
function pagesOf(names: readonly string[], pages: number): Graphql {
  return {
    async ask({ query, variables }) {
      const at = Number(variables["after"] ?? 0);
      const nodes = names.slice(at * 2, at * 2 + 2).map((name) => ({ name }));
      const pageInfo = { hasNextPage: at + 1 < pages, endCursor: String(at + 1) };
      const count = query.includes("tagsCount") ? { tagsCount: names.length } : {};
      return { containerRepository: { ...count, tags: { nodes, pageInfo } } };
    },
    protocolError: (_, why) => new RegistryError("protocol", why),
  };
}

describe("a listing that GraphQL refuses with words", () => {
  it.each([
    ["We are having trouble connecting to the Container Registry.", "unavailable"],
    ["Internal server error: Faraday::TimeoutError", "unavailable"],
    ["Timeout on ContainerRepositoryDetails.tags", "unavailable"],
    ["This endpoint has been requested too many times. Try again later.", "rate-limited"],
    ["you don't have permission to perform this action", "denied"],
  ])("%s: %s", async (message, code) => {
    const body = new TextEncoder().encode(JSON.stringify({ errors: [{ message }] }));
    const headers = { "content-type": "application/json" };
    const http: HttpClient = {
      send: async ({ url }) => ({
        status: 200,
        headers,
        challenges: [],
        url,
        bytes: async () => body,
        stream: () => new Blob([body]).stream(),
        discard: async () => undefined,
      }),
      counts: () => ({ GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 }),
      async [Symbol.asyncDispose]() {},
    };
    const api = createApi(
      { ...CONTEXT, http },
      { kind: "access", token: "glpat-s3cret" },
      new URL("https://gitlab.example/api/v4"),
    );
    if (api.graphql === undefined) throw new Error("no GraphQL");

    const listed = Array.fromAsync(listTagsByApi(api.graphql, PLACE, "gid", {}));

    await expect(listed).rejects.toMatchObject({ code });
  });
});

const CONTEXT: Omit<AdapterContext, "http"> = {
  host: PLACE.host,
  credentials: { find: async () => undefined },
  options: {},
  env: {},
  now: () => new Date(),
  sleep: async () => undefined,
  warn: () => undefined,
};

describe("a listing without the API", () => {
  it("is plain, and says why, where the API refuses the token", async () => {
    const { registry, repository, seed, warnings } = await openFixture({
      options: () => ({ "gitlab-token": PEOPLE.readToken }),
      faults: [
        { when: ({ path }) => path === "/api/graphql", fault: { kind: "status", status: 403 } },
      ],
    });
    seed(imageOf(), ["1.0"]);

    expect(await Array.fromAsync(registry.listTags(repository))).toEqual([{ tag: "1.0" }]);
    expect(warnings.join()).toContain("without digests");
    expect(warnings.join()).not.toContain(PEOPLE.readToken);
  });

  it.each([
    ["a job token", { "gitlab-job-token": PEOPLE.jobToken }],
    [
      "a deploy token",
      { "gitlab-deploy-token": PEOPLE.deployToken, "gitlab-username": PEOPLE.deployUser },
    ],
  ])("is plain with %s, and asks nothing else", async (_, options) => {
    const { registry, repository, seed, requests } = await openFixture({ options: () => options });
    seed(imageOf(), ["1.0"]);

    expect(await Array.fromAsync(registry.listTags(repository))).toEqual([{ tag: "1.0" }]);
    expect(requests().filter((line) => line.includes("/api/"))).toEqual([]);
  });
});

describe("listRepositories", () => {
  it("lists a group, a project and a part of one, over several pages", async () => {
    const { registry, seed } = await openFixture({
      traits: { projects: ["acme/app", "acme/tool"], pageSize: 2 },
    });
    const names = ["acme/app", "acme/app/a", "acme/app/a/b", "acme/app/c", "acme/tool"];
    for (const name of names) seed(imageOf(), ["x"], name);

    const found = async (namespace: string): Promise<string[]> =>
      (await Array.fromAsync(registry.listRepositories(namespace))).map(({ name }) => name);

    expect(await found("acme")).toEqual(names);
    expect(await found("acme/app")).toEqual(names.slice(0, 4));
    expect(await found("acme/app/a")).toEqual(["acme/app/a", "acme/app/a/b"]);
    await expect(found("other/group")).rejects.toMatchObject({ code: "not-found" });
  });
});
