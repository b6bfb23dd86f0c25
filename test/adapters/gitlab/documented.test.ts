import { describe, expect, it } from "vitest";
import { RepositoryPage, TagsAnswer } from "../../../adapters/gitlab/schema.ts";
import { ask, documentedBeside } from "../../../contract-tests/fakes/documented.ts";
import { misfitsOf } from "../../../contract-tests/fakes/documented-shape.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { answerJson } from "../../../contract-tests/fakes/message.ts";
import type { FakeRequest } from "../../../contract-tests/fakes/message.ts";
import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { PEOPLE, openFixture } from "./fixture.ts";
import type { Fixture } from "./fixture.ts";

const documented = documentedBeside(import.meta.url);

const isRest = ({ path }: FakeRequest): boolean => path.startsWith("/api/v4/");
const isProject = ({ path }: FakeRequest): boolean =>
  path === "/api/v4/projects/group/project/registry/repositories";
const isGroup = ({ path }: FakeRequest): boolean =>
  path === "/api/v4/groups/group/registry/repositories";
const asks =
  (word: string) =>
  ({ path, body }: FakeRequest): boolean =>
    path === "/api/graphql" && new TextDecoder().decode(body).includes(word);

describe("an answer of the documentation", () => {
  it.each([
    ["group", isGroup, "group-repositories.json", ["group/project", "group/other_project"]],
    [
      "group/project",
      isProject,
      "project-repositories.json",
      ["group/project", "group/project/releases"],
    ],
  ] as const)("that lists repositories of %s names every one", async (name, to, file, names) => {
    const { registry } = await openFixture({ faults: [answers(to, file)] });

    const found = await Array.fromAsync(registry.listRepositories(name));

    expect(found.map((repository) => repository.name)).toEqual(names);
  });

  it("that lists tags is read with digests, and its page leads to the next one", async () => {
    const last = { nodes: [{ name: "last" }], pageInfo: { hasNextPage: false, endCursor: null } };
    const { registry, repository, seed } = await openFixture({
      faults: [
        { ...answers(asks("listTags"), "graphql-tags.json"), times: 1 },
        {
          when: (request) => asks("listTags")(request) && asks('"after":"MTA"')(request),
          fault: {
            kind: "answer",
            response: answerJson(200, { data: { containerRepository: { tags: last } } }),
          },
        },
      ],
    });
    seed(imageOf(), ["1.0"]);

    expect(await Array.fromAsync(registry.listTags(repository))).toEqual([
      {
        tag: "beta-24753",
        digest: "sha256:2cf3d2fdac1b04a14301d47d51cb88dcd26714c74f91440eeee99ce399089062",
      },
      {
        tag: "beta-31075",
        digest: "sha256:7f94f97dff89ffd122cafe50cd32329adf682356a7a96f69cbfe313ee589791c",
      },
      { tag: "last" },
    ]);
  });

  it("without the repository that was asked for lists no tags as if there were none", async () => {
    const { registry, repository, seed } = await openFixture({
      faults: [answers(asks("listTags"), "graphql-no-repository.json")],
    });
    seed(imageOf(), ["1.0"]);

    await expect(Array.fromAsync(registry.listTags(repository))).rejects.toMatchObject({
      code: "protocol",
    });
  });

  it("that names no deleted tag makes each one be deleted by itself", async () => {
    const { registry, repository, seed, tags } = await openFixture({
      faults: [answers(asks("destroyTags"), "graphql-destroy-tags.json")],
    });
    seed(imageOf(), ["1.0", "1.1", "2.0"]);

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0", "1.1"]));

    expect(outcomes).toMatchObject([{ status: "deleted" }, { status: "deleted" }]);
    expect(tags()).toEqual(["2.0"]);
  });

  it.each([
    ["error-unauthorized.json", 401, "unauthorized"],
    ["error-insufficient-scope.json", 403, "denied"],
    ["error-forbidden.json", 403, "denied"],
    ["error-not-found.json", 404, "not-found"],
    ["error-bad-request.json", 400, "invalid"],
  ])("%s with %i is %s", async (file, status, code) => {
    const { registry } = await openFixture({ faults: [answers(isRest, file, status)] });

    await expect(Array.fromAsync(registry.listRepositories("group"))).rejects.toMatchObject({
      code,
      status,
    });
  });
});

describe("the simulation", () => {
  it.each([
    ["/projects/acme%2Fapp/registry/repositories", "project-repositories.json"],
    ["/groups/acme/registry/repositories", "group-repositories.json"],
  ])("answers %s as documented", async (path, file) => {
    const { rest } = await openSimulation();

    const { status, json } = await rest(path);

    expect(status).toBe(200);
    expect(misfitsOf(RepositoryPage.parse(documented(file).json), json)).toEqual([]);
  });

  it("lists tags by GraphQL as documented", async () => {
    const { graphql } = await openSimulation();

    const { json } = await graphql(
      "query listTags($id: ContainerRepositoryID!) { containerRepository(id: $id) { tags(first: 1, sort: NAME_ASC) { nodes { name digest } pageInfo { hasNextPage endCursor } } } }",
      { id: ID },
    );

    expect(misfitsOf({ data: TagsAnswer.parse(dataOf("graphql-tags.json")) }, json)).toEqual([]);
    expect(misfitsOf(json, documented("graphql-tags.json").json)).toEqual([]);
  });

  it("deletes tags by GraphQL as documented", async () => {
    const { graphql } = await openSimulation();

    const { json } = await graphql(
      "mutation destroyTags($id: ContainerRepositoryID!, $tags: [String!]!) { destroyContainerRepositoryTags(input: { id: $id, tagNames: $tags }) { deletedTagNames errors } }",
      { id: ID, tags: ["1.0"] },
    );

    const { destroyContainerRepositoryTags: shown } = Object(dataOf("graphql-destroy-tags.json"));
    const { __typename: _, ...read } = shown;
    expect(misfitsOf({ data: { destroyContainerRepositoryTags: read } }, json)).toEqual([]);
  });

  it("refuses with the documented member, and deletes with a documented status", async () => {
    const { rest } = await openSimulation();
    const tag = "/projects/acme%2Fapp/registry/repositories/1/tags/1.0";

    const anonymous = await rest("/user", "GET", "wrong");
    const forbidden = await rest(tag, "DELETE", PEOPLE.readToken);
    const deleted = await rest(tag, "DELETE");
    const absent = await rest(tag, "DELETE");

    expect([anonymous, forbidden, deleted, absent].map(({ status }) => status)).toEqual([
      401, 403, 200, 404,
    ]);
    for (const { json } of [anonymous, forbidden, absent]) {
      expect(misfitsOf(documented("error-unauthorized.json").json, json)).toEqual([]);
    }
  });
});

const ID = "gid://gitlab/ContainerRepository/1";

interface Asked {
  readonly status: number;
  readonly json: unknown;
}

interface Simulation extends Fixture {
  readonly rest: (path: string, method?: string, token?: string) => Promise<Asked>;
  readonly graphql: (query: string, variables: object) => Promise<Asked>;
}

/** With a repository of two tags, whose number is 1. */
async function openSimulation(): Promise<Simulation> {
  const fixture = await openFixture();
  fixture.seed(imageOf(), ["1.0", "2.0"]);
  const url = `http://${fixture.repository.host}/api`;
  const simulation: Simulation = {
    ...fixture,
    rest: (path, method = "GET", token = PEOPLE.accessToken) =>
      ask(`${url}/v4${path}`, { method, headers: { "private-token": token } }),
    graphql: (query, variables) =>
      ask(`${url}/graphql`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${PEOPLE.accessToken}`,
          "content-type": "application/json",
        },
        body: JSON.stringify({ query, variables }),
      }),
  };
  await simulation.rest("/projects/acme%2Fapp/registry/repositories");
  return simulation;
}

function answers(when: (request: FakeRequest) => boolean, file: string, status = 200): FaultRule {
  return { when, fault: { kind: "answer", response: documented(file).response(status) } };
}

function dataOf(file: string): unknown {
  return Object(documented(file).json)["data"];
}
