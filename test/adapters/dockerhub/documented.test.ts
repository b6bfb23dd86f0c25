import { describe, expect, it } from "vitest";
import {
  loginAnswer,
  repositoryPageSchema,
  repositorySchema,
} from "../../../adapters/dockerhub/schema.ts";
import { ask, documentedBeside } from "../../../contract-tests/fakes/documented.ts";
import { misfitsOf } from "../../../contract-tests/fakes/documented-shape.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { answerJson } from "../../../contract-tests/fakes/message.ts";
import type { FakeRequest } from "../../../contract-tests/fakes/message.ts";
import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { BOT, openHub } from "./fixture.ts";
import type { Opened } from "./fixture.ts";

const documented = documentedBeside(import.meta.url);
const TAGS = "/v2/namespaces/acme/repositories/shop/tags";

const isListing = ({ path }: FakeRequest): boolean => path === TAGS;
const isNamespace = ({ path }: FakeRequest): boolean => path === "/v2/namespaces/acme/repositories";
const isDeletion = ({ method }: FakeRequest): boolean => method === "DELETE";

describe("an answer of the documentation", () => {
  it("to a login is read", () => {
    expect(loginAnswer(documented("access-token.json").response(200).body)).toMatch(/^eyJ/);
  });

  it("that lists repositories names every one, and leads to the next page", () => {
    const page = repositoryPageSchema.parse(documented("list-repositories.json").json);

    expect(page.results.map(({ name }) => name)).toEqual(["highland_builder", "whalesay"]);
    expect(page.next).toContain("page=2");
  });

  it("about a repository tells that no tag is immutable", () => {
    const { immutable_tags_settings: settings } = repositorySchema.parse(
      documented("get-repository.json").json,
    );

    expect(settings).toEqual({ enabled: false, rules: [] });
  });

  it("that lists tags is read, whatever fields the reference does not name", async () => {
    const body = { count: 1, next: null, previous: null, results: [tagOfSchema("1.0")] };
    const { registry, repository } = await openWith({
      when: isListing,
      fault: { kind: "answer", response: answerJson(200, body) },
    });

    expect(await Array.fromAsync(registry.listTags(repository))).toEqual([
      { tag: "1.0", pushedAt: Date.parse("2021-01-05T21:06:53.506400Z") },
    ]);
  });

  it.each([
    ["error-login.json", 401, "unauthorized"],
    ["error-forbidden-list.json", 403, "denied"],
    ["error-rate-limit.json", 429, "rate-limited"],
  ])("%s with %i is %s for whoever lists repositories", async (file, status, code) => {
    const { registry } = await openWith(answers(isNamespace, file, status));

    await expect(Array.fromAsync(registry.listRepositories("acme"))).rejects.toMatchObject({
      code,
      status,
    });
  });

  it.each([
    ["error-forbidden-delete.json", "Read, Write, Delete"],
    ["error-forbidden-list.json", "Read, Write, Delete"],
  ])("%s keeps a tag, and says which right is missing", async (file, hint) => {
    const { registry, repository, hub, seed } = await openWith(answers(isDeletion, file, 403));
    seed(imageOf(), "1.0");

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    expect(outcomes).toMatchObject([
      {
        status: "failed",
        error: { code: "denied", status: 403, hint: expect.stringContaining(hint) },
      },
    ]);
    expect(hub.state.repositories.get(repository.name)?.tags.has("1.0")).toBe(true);
  });

  it("of the registry to a push is a lack of a login", async () => {
    const { registry, repository } = await openWith(
      answers(
        ({ method, path }) => method === "PUT" && path.includes("/manifests/"),
        "registry-error-unauthorized.json",
        401,
      ),
    );

    await expect(
      registry.putManifest({ ...repository, tag: "1.0" }, imageOf()),
    ).rejects.toMatchObject({ code: "unauthorized", status: 401, registryCode: "UNAUTHORIZED" });
  });
});

describe("the simulation", () => {
  it("gives a token as documented", async () => {
    const { server } = await openHub();

    const login = await post(`${server.url}/v2/auth/token`, BOT);

    expect(login.status).toBe(200);
    expect(misfitsOf(documented("access-token.json").json, login.json)).toEqual([]);
  });

  it("lists tags in fields of the documented types", async () => {
    const { get } = await openSimulation();

    const { status, json } = await get(TAGS);

    const tag = pick(tagOfSchema("1.0"), ["name", "tag_last_pushed", "last_updated", "full_size"]);
    expect(status).toBe(200);
    expect(misfitsOf({ count: 1, next: null, previous: null, results: [tag] }, json)).toEqual([]);
  });

  it("lists and shows repositories as documented", async () => {
    const { get } = await openSimulation();

    const page = await get("/v2/namespaces/acme/repositories");
    const one = await get("/v2/namespaces/acme/repositories/shop");

    const read = repositoryPageSchema.parse(documented("list-repositories.json").json);
    const settings = repositorySchema.parse(documented("get-repository.json").json);
    expect(misfitsOf({ ...read, next: null, count: 287 }, page.json)).toEqual([]);
    expect(misfitsOf(settings, one.json)).toEqual([]);
  });

  it("refuses with the documented members", async () => {
    const { get, server } = await openSimulation();
    const errors = [
      await post(`${server.url}/v2/auth/token`, { ...BOT, secret: "wrong" }),
      await get(TAGS, "wrong"),
      await get("/v2/namespaces/acme/repositories/absent"),
    ];

    expect(errors.map(({ status }) => status)).toEqual([401, 401, 404]);
    for (const { json } of errors) {
      const told = [documented("error-login.json").json, { message: "as in error-forbidden" }];
      expect(told.some((body) => misfitsOf(body, json).length === 0)).toBe(true);
    }
  });

  it("asks for a login of the registry as documented", async () => {
    const { server } = await openSimulation();

    const { status, json } = await ask(`${server.url}/v2/acme/shop/manifests/1.0`);

    expect(status).toBe(401);
    // What is in `detail`, nobody reads.
    const { errors } = Object(documented("registry-error-unauthorized.json").json);
    const read = errors.map((error: object) => pick(error, ["code", "message"]));
    expect(misfitsOf({ errors: read }, json)).toEqual([]);
  });
});

interface Asked {
  readonly status: number;
  readonly json: unknown;
}

type Simulation = Opened & {
  readonly get: (path: string, token?: string) => Promise<Asked>;
};

async function openSimulation(): Promise<Simulation> {
  const opened = await openHub();
  opened.seed(imageOf(), "1.0");
  const { url } = opened.server;
  const login = await post(`${url}/v2/auth/token`, BOT);
  const jwt = String(Object(login.json)["access_token"]);
  return {
    ...opened,
    get: (path, token = jwt) =>
      ask(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } }),
  };
}

function openWith(...faults: readonly FaultRule[]): Promise<Opened> {
  return openHub({ faults });
}

function answers(when: (request: FakeRequest) => boolean, file: string, status: number): FaultRule {
  return { when, fault: { kind: "answer", response: documented(file).response(status) } };
}

function post(url: string, json: object): Promise<Asked> {
  const headers = { "content-type": "application/json" };
  return ask(url, { method: "POST", headers, body: JSON.stringify(json) });
}

/** A tag with the fields of the schema, and no others: the examples of the reference, else a value of the type. */
function tagOfSchema(name: string): object {
  const { tag } = Object(documented("list-tags.schema.json").json);
  const fields = Object.entries<{ type: string; example?: string }>(tag.properties);
  const values: Readonly<Record<string, unknown>> = { integer: 1, string: "", object: {} };
  return {
    ...Object.fromEntries(fields.map(([key, field]) => [key, field.example ?? values[field.type]])),
    name,
  };
}

function pick(value: object, fields: readonly string[]): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => fields.includes(key)));
}
