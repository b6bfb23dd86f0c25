import { describe, expect, it } from "vitest";
import { TagPageSchema } from "../../../adapters/quay/schema.ts";
import { ask, documentedBeside } from "../../../contract-tests/fakes/documented.ts";
import type { ListeningRegistry } from "../../../contract-tests/fakes/distribution.ts";
import { misfitsOf } from "../../../contract-tests/fakes/documented-shape.ts";
import { answer } from "../../../contract-tests/fakes/message.ts";
import { createFakeQuay } from "../../../contract-tests/fakes/quay/quay.ts";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { listen } from "../../../contract-tests/fakes/serve.ts";
import type { Listening } from "../../../contract-tests/fakes/serve.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { ROBOT, TOKEN, openSetting } from "./fixture.ts";
import type { Setting } from "./fixture.ts";

const documented = documentedBeside(import.meta.url);

const DIGEST = "sha256:57583a1b9c0a7509d3417387b4f43acf80d08cdcf5266ac87987be3f8f919d5d";
const TAGS = "/api/v1/repository/acme/shop/tag/";
const BEARER = { authorization: `Bearer ${TOKEN.token}` };

describe("the adapter reads", () => {
  it("the living tags, with digest and time", async () => {
    await using server = await listen(async () => documented("tags-active.json").response(200));
    await using setting = await openAt(server);

    expect(await Array.fromAsync(setting.registry.listTags(setting.repository))).toEqual([
      { tag: "test-two", digest: DIGEST, pushedAt: 1_717_680_780_000 },
      { tag: "tag-test", digest: DIGEST, pushedAt: 1_717_680_378_000 },
      { tag: "example", digest: DIGEST, pushedAt: 1_715_698_131_000 },
    ]);
  });

  it("each tag once, as it is now, though the list tells what it was before", async () => {
    await using server = await listen(async () => documented("tags-history.json").response(200));
    await using setting = await openAt(server);

    expect(await Array.fromAsync(setting.registry.listTags(setting.repository))).toEqual([
      { tag: "test", digest: DIGEST, pushedAt: 1_716_324_069_000 },
      { tag: "example", digest: DIGEST, pushedAt: 1_715_698_131_000 },
    ]);
  });

  it.each([
    ["error-invalid-token.json", 401, { code: "unauthorized", registryCode: "invalid_token" }],
    ["error-model.json", 401, { code: "unauthorized" }],
    ["error-model.json", 403, { code: "denied" }],
    ["error-model.json", 400, { code: "invalid" }],
  ])("%s with %i as a refusal", async (file, status, error) => {
    await using server = await listen(async () => documented(file).response(status));
    await using setting = await openAt(server);

    const listed = Array.fromAsync(setting.registry.listTags(setting.repository));

    await expect(listed).rejects.toMatchObject({ ...error, status });
  });

  it.each([200, 201])("an empty object with %i as a tag that was restored", async (status) => {
    const restored = documented("restored.json").response(status);
    let back = (): void => undefined;
    await using server = await listen(async ({ path }) => {
      if (!path.endsWith("/tag/1.0/restore")) return answer(404);
      back();
      return restored;
    });
    await using setting = await openAt(server);
    const digest = setting.seed(imageOf());
    back = () => void setting.seed(imageOf(), "1.0");

    const outcomes = await Array.fromAsync(
      setting.registry.undelete(setting.repository, [{ digest, tags: ["1.0"] }]),
    );

    expect(outcomes).toEqual([{ digest, status: "restored" }]);
  });
});

describe("the simulation answers", () => {
  it("tags in the documented shape", async () => {
    await using server = await serveFake();

    const { status, json } = await ask(`${server.url}${TAGS}?onlyActiveTags=true&page=1&limit=10`, {
      headers: BEARER,
    });

    expect(status).toBe(200);
    expect(misfitsOf(documented("tags-active.json").json, json)).toEqual([]);
    expect(TagPageSchema.parse(json).tags).toHaveLength(1);
  });

  it("an empty object to a restored tag", async () => {
    await using server = await serveFake();
    const [digest] = repositoryIn(server.state, "acme/shop").manifests.keys();

    const { json } = await ask(`${server.url}${TAGS}2.0/restore`, {
      method: "POST",
      headers: { ...BEARER, "content-type": "application/json" },
      body: JSON.stringify({ manifest_digest: digest }),
    });

    expect(json).toEqual(documented("restored.json").json);
  });

  it.each([
    ["without a token", TAGS, {}, 401],
    ["with another token", TAGS, { authorization: "Bearer another" }, 401],
    ["without the scope", "/api/v1/user/", BEARER, 403],
    ["to what is not there", "/api/v1/repository/acme/none/tag/", BEARER, 404],
  ])("a refusal %s in the documented shape", async (_, path, headers, expected) => {
    await using server = await serveFake();

    const { status, json } = await ask(`${server.url}${path}`, { headers });

    expect(status).toBe(expected);
    expect(misfitsOf(documented("error-invalid-token.json").json, json)).toEqual([]);
    expect(misfitsOf(documented("error-model.json").json, json)).toEqual([]);
    expect(json).toMatchObject({ status: expected });
  });
});

/** The adapter in front of a simulated registry, with the API at another address. */
function openAt(api: Listening): Promise<Setting> {
  return openSetting({
    options: () => ({
      "quay-token": TOKEN.token,
      "quay-username": ROBOT.username,
      "quay-password": ROBOT.password,
      "quay-api-url": api.url,
    }),
  });
}

/** With one tag in `acme/shop`, and a token that may not tell whose it is. */
async function serveFake(): Promise<ListeningRegistry> {
  const token = { ...TOKEN, scopes: ["repo:read", "repo:write"] } as const;
  const fake = createFakeQuay({ users: [ROBOT], tokens: [token] });
  seedContent(repositoryIn(fake.state, "acme/shop"), imageOf(), ["1.0"]);
  return fake.listen();
}
