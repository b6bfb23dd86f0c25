import { describe, expect, it } from "vitest";
import { catalog, repositoryList, searchAnswer } from "../../../adapters/artifactory/schema.ts";
import { ask, documentedBeside } from "../../../contract-tests/fakes/documented.ts";
import { createFakeArtifactory } from "../../../contract-tests/fakes/artifactory/artifactory.ts";
import type { FakeArtifactoryOptions } from "../../../contract-tests/fakes/artifactory/artifactory.ts";
import type { ListeningRegistry } from "../../../contract-tests/fakes/distribution.ts";
import { misfitsOf } from "../../../contract-tests/fakes/documented-shape.ts";
import type { FakeRequest, FakeResponse } from "../../../contract-tests/fakes/message.ts";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { listen } from "../../../contract-tests/fakes/serve.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { BY_PASSWORD, USER, openArtifactory } from "./fixture.ts";

const documented = documentedBeside(import.meta.url);

const LOGIN = {
  authorization: `Basic ${Buffer.from(`${USER.username}:${USER.password}`).toString("base64")}`,
};
const QUERY = {
  method: "POST",
  headers: { ...LOGIN, "content-type": "text/plain" },
  body: 'items.find({"repo":"docker-local"}).include("repo","path","name","created","modified","size","sha256")',
};

describe("the adapter reads", () => {
  it.each([
    ["aql-trimmed.json", /results are trimmed/],
    ["aql-docker.json", /1 of 12 items came/],
  ])("%s as a search that is cut, and takes none of it", async (file, words) => {
    await using opened = await openBefore(() => documented(file).response(200));
    const { registry, repository, seed } = opened;
    seed(imageOf(), "latest");

    const listed = Array.fromAsync(registry.listTags(repository));

    await expect(listed).rejects.toMatchObject({ code: "protocol" });
    await expect(listed).rejects.toThrow(words);
  });

  it("the items of a search, whose sizes are numbers or texts", () => {
    const files = ["aql-docker.json", "aql-trimmed.json"].map((file) => documented(file).json);

    expect(files.map((json) => searchAnswer.parse(json).results)).toMatchObject([
      [
        {
          repo: "docker-remote-repo-cache",
          path: "alpine/latest",
          name: "manifest.json",
          size: 528,
        },
      ],
      [{ repo: "libs-release-local", name: "artifactory.war", size: 75_500_000 }],
    ]);
  });

  it("the images of one repository, and of all", async () => {
    await using opened = await openBefore(({ path }) =>
      documented(path.endsWith("/_catalog") ? "catalog.json" : "repositories.json").response(200),
    );
    const { registry } = opened;
    const names = async (namespace: string): Promise<readonly string[]> =>
      (await Array.fromAsync(registry.listRepositories(namespace))).map(({ name }) => name);
    const images = ["busybox", "centos", "hello-world"];

    expect(await names("docker-local")).toEqual(images.map((image) => `docker-local/${image}`));
    expect(await names("")).toEqual(
      ["libs-releases-local", "libs-snapshots-local"].flatMap((key) =>
        images.map((image) => `${key}/${image}`),
      ),
    );
  });

  it.each([
    ["error-not-found.json", 404, /File not found/],
    ["error-bad-request.json", 400, /Unsupported docker repository request/],
  ])("%s with %i as a search that is refused", async (file, status, words) => {
    await using opened = await openBefore(() => documented(file).response(status));
    const { registry, seed, repository } = opened;
    const digest = seed(imageOf(), "1.0");

    const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

    expect(outcomes).toMatchObject([{ digest, status: "failed", error: { status } }]);
    expect(outcomes).toMatchObject([{ error: { message: expect.stringMatching(words) } }]);
  });
});

describe("the simulation answers", () => {
  it("a search in the documented shape", async () => {
    await using server = await serveFake();

    const { status, json } = await ask(`${server.url}/artifactory/api/search/aql`, QUERY);

    expect(status).toBe(200);
    const read = searchAnswer.parse(documented("aql-docker.json").json);
    expect(misfitsOf(read, json)).toEqual([]);
    expect(misfitsOf({ range: { start_pos: 0, end_pos: 12, total: 12 } }, json)).toEqual([]);
  });

  it("a search that is cut in the documented words", async () => {
    await using server = await serveFake({ searchLimit: 1 });

    const { json } = await ask(`${server.url}/artifactory/api/search/aql`, QUERY);

    const trimmed = searchAnswer.parse(documented("aql-trimmed.json").json);
    expect(misfitsOf(trimmed, json)).toEqual([]);
    expect(searchAnswer.parse(json).range.notification).toBe(trimmed.range.notification);
  });

  it("the images of a repository in the documented shape", async () => {
    await using server = await serveFake();

    const at = `${server.url}/artifactory/api/docker/docker-local/v2/_catalog`;
    const { json } = await ask(at, { headers: LOGIN });

    expect(misfitsOf(catalog.parse(documented("catalog.json").json), json)).toEqual([]);
  });

  it("the repositories in the documented shape, with kinds in capitals", async () => {
    await using server = await serveFake();

    const at = `${server.url}/artifactory/api/repositories?packageType=docker`;
    const { json } = await ask(at, { headers: LOGIN });

    const read = repositoryList.parse(documented("repositories.json").json);
    expect(misfitsOf(read, json)).toEqual([]);
    expect(repositoryList.parse(json).map(({ type }) => type)).toEqual(
      read.slice(1).map(({ type }) => type),
    );
  });

  it("the documented words when a folder comes back out of the trash can", async () => {
    await using server = await serveFake();
    const folder = `${server.url}/artifactory/docker-local/shop/1.0`;
    await ask(folder, { method: "DELETE", headers: LOGIN });

    const restore = `${server.url}/artifactory/api/trash/restore/docker-local/shop/1.0`;
    const { text } = await ask(restore, { method: "POST", headers: LOGIN });

    const { body } = documented("restored.txt").response(200);
    expect(text).toBe(new TextDecoder().decode(body).trim());
  });

  it.each([
    ["nobody", "GET", "api/repositories", {}, 401],
    ["an unknown path", "GET", "api/none", LOGIN, 404],
    ["a folder that is not there", "DELETE", "docker-local/shop/none", LOGIN, 404],
    ["a search that makes no sense", "POST", "api/search/aql", { ...QUERY.headers }, 400],
  ])("a refusal of %s in the documented shape", async (_, method, path, headers, expected) => {
    await using server = await serveFake();

    const at = `${server.url}/artifactory/${path}`;
    const { status, json } = await ask(at, { method, headers });

    expect(status).toBe(expected);
    expect(misfitsOf(documented("error-not-found.json").json, json)).toEqual([]);
    expect(misfitsOf(documented("error-bad-request.json").json, json)).toEqual([]);
    expect(json).toMatchObject({ errors: [{ status: expected }] });
  });
});

/** The adapter in front of a simulated registry, with the API at another address. */
async function openBefore(
  answerTo: (request: FakeRequest) => FakeResponse,
): Promise<Awaited<ReturnType<typeof openArtifactory>>> {
  const api = await listen(async (request) => answerTo(request));
  const opened = await openArtifactory({
    options: { ...BY_PASSWORD, "artifactory-api-url": api.url },
  });
  return {
    ...opened,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await api.close();
    },
  };
}

/** With two tags in `docker-local/shop`. */
async function serveFake(
  options: Partial<FakeArtifactoryOptions> = {},
): Promise<ListeningRegistry> {
  const fake = createFakeArtifactory({ users: [USER], ...options });
  seedContent(repositoryIn(fake.state, "docker-local/shop"), imageOf(), ["1.0", "2.0"]);
  return fake.listen();
}
