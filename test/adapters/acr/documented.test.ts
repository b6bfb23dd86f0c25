import { describe, expect, it } from "vitest";
import { exchangeSchema, attributesSchema, tagListSchema } from "../../../adapters/acr/schema.ts";
import { documentedBeside } from "../../../contract-tests/fakes/documented.ts";
import { misfitsOf } from "../../../contract-tests/fakes/documented-shape.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { answerJson } from "../../../contract-tests/fakes/message.ts";
import type { FakeRequest, FakeResponse } from "../../../contract-tests/fakes/message.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { createFakeAcr } from "../../../contract-tests/fakes/acr/acr.ts";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { TOKEN, openAcr } from "./fixture.ts";
import type { Opened } from "./fixture.ts";

const documented = documentedBeside(import.meta.url);

const isListing = ({ method, path }: FakeRequest): boolean =>
  method === "GET" && path.endsWith("/_tags");
const isDeletion = ({ method }: FakeRequest): boolean => method === "DELETE";

describe("an answer of the documentation", () => {
  it("that lists tags is read with digests and times", async () => {
    const { registry, repository } = await openWith(answers(isListing, "tag-list.json"));

    const entries = await Array.fromAsync(registry.listTags(repository));

    expect(entries).toEqual([
      {
        tag: "4.7.2-20180905-nanoserver-1803",
        digest: "sha256:110d2b6c84592561338aa040b1b14b7ab81c2f9edbd564c2285dd7d70d777086",
        pushedAt: Date.UTC(2018, 8, 6, 6, 17, 21, 85),
      },
      {
        tag: "4.7.2-20180906-nanoserver-1803",
        digest: "sha256:7af5cd1dde3e8f5c2c9103860afa4ca871a6075373b6564b0e7b1b47866dab52",
        pushedAt: Date.UTC(2018, 8, 7, 16, 30, 46, 702),
      },
    ]);
  });

  it.each([
    ["tag-attributes.json", { deleteEnabled: true, writeEnabled: false }],
    ["manifest-attributes.json", { deleteEnabled: true, writeEnabled: true }],
    ["repository-attributes.json", { deleteEnabled: true, writeEnabled: true }],
  ])("of %s tells the locks", (file, locks) => {
    expect(attributesSchema.parse(json(file)).changeableAttributes).toEqual(locks);
  });

  it("that locks a tag makes a refused deletion a conflict", async () => {
    const { registry, repository, seed } = await openWith(
      { when: isDeletion, fault: { kind: "status", status: 405, code: "UNSUPPORTED" } },
      answers(({ path }) => path.endsWith("/_tags/1.0"), "tag-attributes.json"),
    );
    seed(imageOf(), "1.0");

    expect(await Array.fromAsync(registry.deleteTags(repository, ["1.0"]))).toMatchObject([
      { status: "failed", error: { code: "conflict", registryCode: "UNSUPPORTED" } },
    ]);
  });

  it("that disallows a deletion is a conflict, whatever the locks look like", async () => {
    const { registry, repository, seed } = await openWith(
      answers(isDeletion, "error-disallowed-operation.json", 405),
    );
    seed(imageOf(), "1.0");

    expect(await Array.fromAsync(registry.deleteTags(repository, ["1.0"]))).toMatchObject([
      {
        status: "failed",
        error: { code: "conflict", status: 405, registryCode: "REGISTRY_DISALLOWED_OPERATION" },
      },
    ]);
  });

  it("that asks for a login is one for everybody whom no token helps", async () => {
    const { registry, repository } = await openWith(
      answers(({ path }) => /\btags\b|_tags$/.test(path), "error-unauthorized.json", 401),
    );

    await expect(Array.fromAsync(registry.listTags(repository))).rejects.toMatchObject({
      code: "unauthorized",
      status: 401,
      registryCode: "UNAUTHORIZED",
    });
  });

  it("that knows no such repository lists nothing", async () => {
    const { registry, repository } = await openWith({
      when: isListing,
      fault: { kind: "answer", response: answerJson(404, { errors: [nameUnknown()] }) },
    });

    expect(await Array.fromAsync(registry.listTags(repository))).toEqual([]);
  });

  it("that exchanges a token is read", () => {
    expect(exchangeSchema.parse(json("refresh-token.json")).refresh_token).toMatch(/^eyJ0/);
  });
});

describe("the simulation", () => {
  it("lists tags as documented", async () => {
    const { ask } = await openSimulation();

    const { status, body } = await ask("/acr/v1/acme/shop/_tags");

    expect(status).toBe(200);
    expect(misfitsOf(tagListSchema.parse(json("tag-list.json")), body)).toEqual([]);
    expect(misfitsOf(json("tag-list.json"), body)).toEqual([]);
  });

  it("shows the attributes of a tag, a manifest and a repository as documented", async () => {
    const { ask, digest } = await openSimulation();
    const shown = ["/_tags/1.0", `/_manifests/${digest}`, ""].map((item) =>
      ask(`/acr/v1/acme/shop${item}`),
    );

    const [tag, manifest, repository] = await Promise.all(shown);

    expect(misfitsOf(json("tag-attributes.json"), tag?.body)).toEqual([]);
    expect(
      misfitsOf(read("manifest-attributes.json"), attributesSchema.parse(manifest?.body)),
    ).toEqual([]);
    expect(
      misfitsOf(read("repository-attributes.json"), attributesSchema.parse(repository?.body)),
    ).toEqual([]);
  });

  it("deletes a tag with the documented status, and refuses with the documented bodies", async () => {
    const { ask, lock } = await openSimulation();

    const deleted = await ask("/acr/v1/acme/shop/_tags/1.0", "DELETE");
    const absent = await ask("/acr/v1/acme/shop/_tags/1.0", "DELETE");
    lock("2.0");
    const disallowed = await ask("/acr/v1/acme/shop/_tags/2.0", "DELETE");
    const unknown = await ask("/acr/v1/acme/other/_tags");
    const anonymous = await ask("/acr/v1/acme/shop/_tags", "GET", "");

    expect([deleted, absent, disallowed, unknown, anonymous].map(({ status }) => status)).toEqual([
      202, 404, 405, 404, 401,
    ]);
    expect(misfitsOf(json("error-disallowed-operation.json"), disallowed.body)).toEqual([]);
    expect(misfitsOf({ errors: [nameUnknown()] }, unknown.body)).toEqual([]);
    expect(misfitsOf(json("error-unauthorized.json"), anonymous.body)).toEqual([]);
    expect(misfitsOf({ errors: [{ code: "", message: "" }] }, absent.body)).toEqual([]);
  });

  it("gives tokens as documented", async () => {
    const { form } = await openSimulation();

    const refresh = await form("/oauth2/exchange", { grant_type: "access_token" });
    const { refresh_token } = exchangeSchema.parse(refresh);
    const access = await form("/oauth2/token", { grant_type: "refresh_token", refresh_token });

    expect(misfitsOf(json("refresh-token.json"), refresh)).toEqual([]);
    expect(misfitsOf(json("access-token.json"), access)).toEqual([]);
  });
});

function openWith(...faults: readonly FaultRule[]): Promise<Opened> {
  return openAcr({ faults });
}

function answers(when: (request: FakeRequest) => boolean, file: string, status = 200): FaultRule {
  return { when, fault: { kind: "answer", response: documented(file).response(status) } };
}

function json(file: string): unknown {
  return documented(file).json;
}

/** As the adapter reads it. */
function read(file: string): unknown {
  return attributesSchema.parse(json(file));
}

/** One error of the list that the registry answers with; the documentation prints it with single quotes. */
function nameUnknown(): unknown {
  const { body } = documented("error-name-unknown.txt").response(404);
  const text = new TextDecoder().decode(body);
  return JSON.parse(text.replaceAll("'", '"'));
}

interface Simulation {
  readonly digest: string;
  readonly lock: (item: string) => void;
  readonly ask: (path: string, method?: string, authorization?: string) => Promise<Asked>;
  readonly form: (path: string, fields: Readonly<Record<string, string>>) => Promise<unknown>;
}

interface Asked {
  readonly status: number;
  readonly body: unknown;
}

const HOST = "acme.azurecr.io";
const SCOPE = "repository:acme/shop:pull,delete,metadata_read repository:acme/other:metadata_read";

/** The simulation with an image that has two tags, asked with a token for everything. */
async function openSimulation(): Promise<Simulation> {
  const fake = createFakeAcr({ users: [TOKEN], entraTokens: new Map([["entra", ["pull"]]]) });
  const image = imageOf();
  seedContent(repositoryIn(fake.state, "acme/shop"), image, ["1.0", "2.0"]);
  const basic = Buffer.from(`${TOKEN.username}:${TOKEN.password}`).toString("base64");
  const given = await fake.handle({
    ...requestOf("GET", "/oauth2/token", `Basic ${basic}`),
    query: new URLSearchParams({ service: HOST, scope: SCOPE }),
  });
  const bearer = `Bearer ${String(Object(jsonOf(given))["access_token"])}`;
  return {
    digest: image.digest,
    lock: (item) => fake.lock("acme/shop", item),
    async ask(path, method = "GET", authorization = bearer) {
      const response = await fake.handle(requestOf(method, path, authorization));
      return { status: response.status, body: jsonOf(response) };
    },
    async form(path, fields) {
      const body = new URLSearchParams({ service: HOST, access_token: "entra", ...fields });
      const request = requestOf("POST", path, "");
      return jsonOf(
        await fake.handle({
          ...request,
          headers: {
            ...request.headers,
            "content-type": "application/x-www-form-urlencoded",
          },
          body: new TextEncoder().encode(body.toString()),
        }),
      );
    },
  };
}

function requestOf(method: string, path: string, authorization: string): FakeRequest {
  const headers = { host: HOST, ...(authorization === "" ? {} : { authorization }) };
  return { method, path, query: new URLSearchParams(), headers, body: new Uint8Array() };
}

function jsonOf({ body }: FakeResponse): unknown {
  return body.length === 0 ? undefined : JSON.parse(new TextDecoder().decode(body));
}
