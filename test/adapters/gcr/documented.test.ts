import { describe, expect, it } from "vitest";
import { z } from "zod";
import { openRegistry } from "../../../adapters/gcr/adapter.ts";
import { TagsPage, TokenAnswer } from "../../../adapters/gcr/schema.ts";
import { ask, documentedBeside } from "../../../contract-tests/fakes/documented.ts";
import type { ListeningRegistry } from "../../../contract-tests/fakes/distribution.ts";
import { misfitsOf } from "../../../contract-tests/fakes/documented-shape.ts";
import { createFakeGcr } from "../../../contract-tests/fakes/gcr/registry.ts";
import { answer } from "../../../contract-tests/fakes/message.ts";
import type { FakeRequest, FakeResponse } from "../../../contract-tests/fakes/message.ts";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { listen } from "../../../contract-tests/fakes/serve.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { openHttpClient } from "../../../src/http/open-client.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { Registry, TagEntry } from "../../../src/registry/registry.ts";
import { PLACE } from "./fixture.ts";

const documented = documentedBeside(import.meta.url);

const NAME = `${PLACE}/web`;
const DIGEST = "sha256:400ee2ed939df769d4681023810d2e4fb9479b8401d97003c710d0e20f7c49c6";

describe("the adapter reads", () => {
  it("a list of tags with the digest, type and time of each", async () => {
    await using opened = await openBefore(() => documented("tags-list.json").response(200));

    const entry = {
      digest: DIGEST,
      mediaType: "application/vnd.docker.distribution.manifest.v2+json",
      pushedAt: 1_597_767_277_119,
    };
    expect(await opened.list()).toEqual([
      { tag: "another", ...entry },
      { tag: "latest", ...entry },
    ]);
  });

  it("a list of names alone", async () => {
    await using opened = await openBefore(() => documented("tags-list-plain.json").response(200));

    expect(await opened.list()).toEqual([{ tag: "foo" }, { tag: "bar" }]);
  });

  it("the names below, and refuses manifests whose digests are none", async () => {
    const { json, response } = documented("tags-list-children.json");
    await using opened = await openBefore(() => response(200));

    expect(TagsPage.parse(json).child).toEqual(["hello", "world"]);
    await expect(opened.list()).rejects.toMatchObject({ code: "protocol" });
  });

  it("a manifest's refusal as a conflict that says what to do", async () => {
    await using opened = await openBefore(({ method }) =>
      method === "DELETE"
        ? documented("error-dangling-tag.json").response(400)
        : documented("tags-list-plain.json").response(200),
    );
    const { registry, repository } = opened;

    const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [DIGEST]));

    expect(outcomes).toMatchObject([
      {
        digest: DIGEST,
        status: "failed",
        error: { code: "conflict", status: 400, registryCode: "GOOGLE_MANIFEST_DANGLING_TAG" },
      },
    ]);
    expect(outcomes).toMatchObject([
      { error: { message: expect.stringContaining("still referenced by tag: cdd65fd") } },
    ]);
  });

  it("202 as the deletion of a tag", async () => {
    await using opened = await openBefore(({ method }) => answer(method === "DELETE" ? 202 : 404));
    const { registry, repository } = opened;

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["cdd65fd"]));

    expect(outcomes).toEqual([{ tag: "cdd65fd", status: "deleted" }]);
  });

  it("a token of the metadata server", () => {
    expect(TokenAnswer.parse(documented("metadata-token.json").json)).toMatchObject({
      expires_in: 3599,
    });
  });
});

describe("the simulation answers", () => {
  it("a list of tags in the documented shape, in all its fields", async () => {
    await using server = await serveFake();

    const { status, json } = await ask(`${server.url}/v2/${NAME}/tags/list`, {
      headers: server.headers,
    });

    expect(status).toBe(200);
    expect(misfitsOf(documented("tags-list.json").json, json)).toEqual([]);
    expect(misfitsOf(documented("tags-list-plain.json").json, json)).toEqual([]);
  });

  it("the names below as a list of texts", async () => {
    await using server = await serveFake();

    const { json } = await ask(`${server.url}/v2/${PLACE}/tags/list`, { headers: server.headers });

    expect(misfitsOf({ child: ["hello"], manifest: {}, tags: [] }, json)).toEqual([]);
  });

  it("400 to the deletion of a manifest with a tag, in the documented shape", async () => {
    await using server = await serveFake();
    const [digest] = repositoryIn(server.state, NAME).manifests.keys();

    const at = `${server.url}/v2/${NAME}/manifests/${digest}`;
    const { status, json } = await ask(at, { method: "DELETE", headers: server.headers });

    expect(status).toBe(400);
    expect(misfitsOf(documented("error-dangling-tag.json").json, json)).toEqual([]);
    expect(json).toMatchObject({ errors: [{ code: "GOOGLE_MANIFEST_DANGLING_TAG" }] });
  });

  it.each([
    ["nobody", `/v2/${NAME}/tags/list`, {}, 401],
    ["what is not there", `/v2/${PLACE}/none/tags/list`, undefined, 404],
  ])("a refusal of %s in the documented shape", async (_, path, headers, expected) => {
    await using server = await serveFake();

    const { status, json } = await ask(`${server.url}${path}`, {
      headers: headers ?? server.headers,
    });

    expect(status).toBe(expected);
    expect(misfitsOf(documented("error-dangling-tag.json").json, json)).toEqual([]);
  });

  it("202 to the deletion of a tag", async () => {
    await using server = await serveFake();

    const at = `${server.url}/v2/${NAME}/manifests/1.0`;
    const { status } = await ask(at, { method: "DELETE", headers: server.headers });

    expect(status).toBe(202);
  });

  it("a token of the metadata server in the documented shape, in all its fields", async () => {
    await using server = await serveFake();

    const at = `${server.url}/computeMetadata/v1/instance/service-accounts/default/token`;
    const { json } = await ask(at, { headers: { "metadata-flavor": "Google" } });

    expect(misfitsOf(documented("metadata-token.json").json, json)).toEqual([]);
  });
});

interface Opened extends AsyncDisposable {
  readonly registry: Registry;
  readonly repository: Repository;
  list(): Promise<readonly TagEntry[]>;
}

/** The adapter before a server that lets everybody in and answers the rest as told. */
async function openBefore(answerTo: (request: FakeRequest) => FakeResponse): Promise<Opened> {
  const server = await listen(async (request) =>
    request.path === "/v2/" ? answer(200) : answerTo(request),
  );
  const http = openHttpClient({ userAgent: "test" });
  const registry = await openRegistry({
    host: server.host,
    http,
    credentials: { find: async () => undefined },
    options: { "gcr-access-token": "ya29.test" },
    env: {},
    now: () => new Date(),
    sleep: async () => undefined,
    warn: () => undefined,
  });
  const repository = { host: server.host, name: NAME };
  return {
    registry,
    repository,
    list: () => Array.fromAsync(registry.listTags(repository)),
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

type Served = ListeningRegistry & { readonly headers: Readonly<Record<string, string>> };

/** With one tag in `NAME`, and the headers of somebody who may do everything in three places. */
async function serveFake(): Promise<Served> {
  const { registry, oauth } = createFakeGcr();
  seedContent(repositoryIn(registry.state, NAME), imageOf(), ["1.0"]);
  const server = await registry.listen();
  const scopes = [NAME, PLACE, `${PLACE}/none`].map(
    (name) => `repository:${name}:pull,push,delete`,
  );
  const query = new URLSearchParams([
    ["service", "pkg.dev"],
    ...scopes.map((one): [string, string] => ["scope", one]),
  ]);
  const pair = Buffer.from(`oauth2accesstoken:${oauth.accessToken}`).toString("base64");
  const { json } = await ask(`${server.url}/v2/token?${query.toString()}`, {
    headers: { authorization: `Basic ${pair}` },
  });
  const { token } = z.object({ token: z.string() }).parse(json);
  return { ...server, headers: { authorization: `Bearer ${token}` } };
}
