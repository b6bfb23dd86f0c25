import { describe, expect, it } from "vitest";
import { createClient } from "../../../adapters/nexus/client.ts";
import type { Client } from "../../../adapters/nexus/client.ts";
import { component, componentPage, repositoryInfos } from "../../../adapters/nexus/schema.ts";
import { ask, documentedBeside } from "../../../contract-tests/fakes/documented.ts";
import type { ListeningRegistry } from "../../../contract-tests/fakes/distribution.ts";
import { misfitsOf } from "../../../contract-tests/fakes/documented-shape.ts";
import { answer, answerJson } from "../../../contract-tests/fakes/message.ts";
import type { FakeRequest, FakeResponse } from "../../../contract-tests/fakes/message.ts";
import { createFakeNexus } from "../../../contract-tests/fakes/nexus/nexus.ts";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { listen } from "../../../contract-tests/fakes/serve.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { openHttpClient } from "../../../src/http/open-client.ts";
import { BY_PASSWORD, USER, openNexus } from "./fixture.ts";

const documented = documentedBeside(import.meta.url);

const API = "/service/rest/v1";
const PURPOSE = { verb: "list", reference: "a test" };
const LOGIN = {
  authorization: `Basic ${Buffer.from(`${USER.username}:${USER.password}`).toString("base64")}`,
};

describe("the adapter reads", () => {
  it("components page by page, with the token of one page for the next", async () => {
    const tokens: (string | null)[] = [];
    await using before = await openBefore(({ query }) => {
      const token = query.get("continuationToken");
      tokens.push(token);
      return token === null
        ? documented("components.json").response(200)
        : answerJson(200, { items: [], continuationToken: null });
    });
    const path = `${API}/components?repository=maven-central`;

    const components = await Array.fromAsync(before.client.components(path, PURPOSE));

    expect(components).toEqual([
      {
        id: "bWF2ZW4tY2VudHJhbDo4ODQ5MWNkMWQxODVkZDEzNjMyNjhmMjIwZTQ1ZDdkZQ",
        repository: "maven-central",
        image: "guava",
        tag: "21.0",
      },
    ]);
    expect(tokens).toEqual([null, "88491cd1d185dd136f143f20c4e7d50c"]);
  });

  it("one component", async () => {
    await using before = await openBefore(() => documented("component.json").response(200));

    expect(await before.client.component("any", PURPOSE)).toMatchObject({
      image: "httpcomponents-client",
      tag: "4.3.5",
    });
  });

  it("the digest of a tag, whose manifest has no slash before its path", async () => {
    await using api = await listen(async () => documented("components-docker.json").response(200));
    await using opened = await openNexus({
      connector: "cdp-qa-automation-1",
      repositories: { "cdp-qa-automation-1": "hosted" },
      hasNoApi: true,
      name: "nginx",
      options: {
        ...BY_PASSWORD,
        "nexus-repository": "cdp-qa-automation-1",
        "nexus-api-url": api.url,
      },
    });
    opened.seed(imageOf(), "latest");

    expect(await Array.fromAsync(opened.registry.listTags(opened.repository))).toEqual([
      {
        tag: "latest",
        digest: "sha256:bb129a712c2431ecce4af8dde831e980373b26368233ef0f3b2bae9e9ec515ee",
      },
    ]);
    expect(opened.warnings).toEqual([]);
  });

  it("repositories, none of which holds images", async () => {
    const asked: string[] = [];
    await using api = await listen(async ({ path }) => {
      asked.push(path);
      return path === `${API}/repositories`
        ? documented("repositories.json").response(200)
        : answer(path === `${API}/status` ? 200 : 404);
    });
    await using opened = await openNexus({ options: { ...BY_PASSWORD, "nexus-api-url": api.url } });

    expect(await Array.fromAsync(opened.registry.listRepositories(""))).toEqual([]);
    expect(asked).toContain(`${API}/repositories`);
    expect(asked.filter((path) => path.endsWith("/_catalog"))).toEqual([]);
  });

  it("204 as a deletion", async () => {
    await using before = await openBefore(() => answer(204));

    expect(await before.client.remove("any", PURPOSE)).toBe("removed");
  });
});

describe("the simulation answers", () => {
  it.each([`${API}/components`, `${API}/search`])("%s in the documented shape", async (path) => {
    await using server = await serveFake();

    const at = `${server.url}${path}?repository=docker-hosted`;
    const { status, json } = await ask(at, { headers: LOGIN });

    expect(status).toBe(200);
    const pages = ["components.json", "components-docker.json"].map((file) =>
      componentPage.parse(documented(file).json),
    );
    expect(pages.map((page) => misfitsOf(page, json))).toEqual([[], []]);
  });

  it("one component in the documented shape", async () => {
    await using server = await serveFake();

    const { json } = await ask(`${server.url}${API}/components/${await idIn(server)}`, {
      headers: LOGIN,
    });

    expect(misfitsOf(component.parse(documented("component.json").json), json)).toEqual([]);
  });

  it("its repositories in the documented shape", async () => {
    await using server = await serveFake();

    const { json } = await ask(`${server.url}${API}/repositories`, { headers: LOGIN });

    expect(misfitsOf(repositoryInfos.parse(documented("repositories.json").json), json)).toEqual(
      [],
    );
  });

  it("204 without a body to a deletion", async () => {
    await using server = await serveFake();

    const at = `${server.url}${API}/components/${await idIn(server)}`;

    expect(await ask(at, { method: "DELETE", headers: LOGIN })).toMatchObject({
      status: 204,
      text: "",
    });
  });
});

/** A client of the API at a server that answers as told. */
async function openBefore(
  answerTo: (request: FakeRequest) => FakeResponse,
): Promise<AsyncDisposable & { readonly client: Client }> {
  const server = await listen(async (request) => answerTo(request));
  const http = openHttpClient({ userAgent: "test" });
  const client = createClient(
    { host: server.host, credentials: { find: async () => undefined } },
    (target, request) => http.send({ ...request, url: new URL(String(target), server.url) }),
    "any",
  );
  return {
    client,
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

/** With two tags, on two pages. */
async function serveFake(): Promise<ListeningRegistry> {
  const fake = createFakeNexus({ users: [USER], pageSize: 1 });
  seedContent(repositoryIn(fake.state, "docker-hosted/shop"), imageOf(), ["1.0", "2.0"]);
  return fake.listen();
}

async function idIn({ url }: ListeningRegistry): Promise<string> {
  const at = `${url}${API}/components?repository=docker-hosted`;
  const { items } = componentPage.parse((await ask(at, { headers: LOGIN })).json);
  return items[0]?.id ?? "";
}
