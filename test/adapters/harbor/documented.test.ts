import { describe, expect, it } from "vitest";
import { ArtifactsSchema } from "../../../adapters/harbor/schema.ts";
import { ask, documentedBeside } from "../../../contract-tests/fakes/documented.ts";
import type { ListeningRegistry } from "../../../contract-tests/fakes/distribution.ts";
import { misfitsOf } from "../../../contract-tests/fakes/documented-shape.ts";
import { createFakeHarbor } from "../../../contract-tests/fakes/harbor/harbor.ts";
import { answer } from "../../../contract-tests/fakes/message.ts";
import type { FakeResponse } from "../../../contract-tests/fakes/message.ts";
import { descriptorOf, imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { listen } from "../../../contract-tests/fakes/serve.ts";
import type { Listening } from "../../../contract-tests/fakes/serve.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { TagOutcome } from "../../../src/registry/registry.ts";
import { ROBOT, openSetting } from "./fixture.ts";
import type { Setting } from "./fixture.ts";

const documented = documentedBeside(import.meta.url);

const LOGIN = {
  authorization: `Basic ${Buffer.from(`${ROBOT.username}:${ROBOT.password}`).toString("base64")}`,
};

describe("the adapter reads", () => {
  it("a list of artifacts: tags with digest, type and time", async () => {
    await using server = await listen(async () => documented("artifacts.json").response(200));
    await using setting = await openAt(server);
    setting.seed(imageOf(), "latest");

    const entries = await Array.fromAsync(setting.registry.listTags(setting.repository));

    expect(entries).toEqual([
      {
        tag: "latest",
        digest: "sha256:e4b315ad03a1d1d9ff0c111e648a1a91066c09ead8352d3d6a48fa971a82922c",
        mediaType: "application/vnd.docker.distribution.manifest.v2+json",
        pushedAt: Date.parse("2022-01-20T09:18:50.303Z"),
      },
    ]);
  });

  it("a list of artifacts whose tags, accessories and references are null: no tag", async () => {
    const list = documented("artifacts-untagged.json").response(200);
    await using server = await listen(async () => list);
    await using setting = await openAt(server);

    expect(await Array.fromAsync(setting.registry.listTags(setting.repository))).toEqual([]);
  });

  it.each([
    ["error-forbidden.json", 403, { code: "denied", registryCode: "FORBIDDEN" }],
    ["error-conflict.json", 409, { code: "conflict" }],
  ])("%s with %i as a refusal, in its words", async (file, status, error) => {
    const outcomes = await deleteAgainst(documented(file).response(status));

    expect(outcomes).toMatchObject([
      { tag: "latest", status: "failed", error: { ...error, status } },
    ]);
    expect(outcomes).toMatchObject([
      { error: { message: expect.stringMatching(/CSRF token invalid|tag latest already exists/) } },
    ]);
  });

  it("200 without a body as a deletion", async () => {
    expect(await deleteAgainst(answer(200))).toEqual([{ tag: "latest", status: "deleted" }]);
  });
});

describe("the simulation answers", () => {
  it("a list of artifacts in the documented shape", async () => {
    await using server = await serveFake();
    const image = imageOf();
    const held = repositoryIn(server.state, "acme/shop");
    seedContent(held, image, ["latest"]);
    seedContent(held, imageOf({ subject: descriptorOf(image) }), []);

    const list = "/api/v2.0/projects/acme/repositories/shop/artifacts?with_accessory=true";
    const { status, json } = await ask(`${server.url}${list}`, { headers: LOGIN });

    expect(status).toBe(200);
    const read = ArtifactsSchema.parse(documented("artifacts.json").json);
    expect(misfitsOf(read, json)).toEqual([]);
  });

  it.each([
    ["a cookie without its token", "/artifacts/latest", { ...LOGIN, cookie: "sid=1" }, 403],
    ["nobody", "/artifacts/latest", {}, 401],
    ["a tag that is not there", "/artifacts/1.0/tags/1.0", LOGIN, 404],
  ])("a refusal of %s in the documented shape", async (_, path, headers, expected) => {
    await using server = await serveFake();

    const at = `${server.url}/api/v2.0/projects/acme/repositories/shop${path}`;
    const { status, json } = await ask(at, { method: "DELETE", headers });

    expect(status).toBe(expected);
    expect(misfitsOf(documented("error-forbidden.json").json, json)).toEqual([]);
  });

  it("a deletion with 200 and no body", async () => {
    await using server = await serveFake();
    seedContent(repositoryIn(server.state, "acme/shop"), imageOf(), ["latest"]);

    const tag = "/api/v2.0/projects/acme/repositories/shop/artifacts/latest/tags/latest";
    const answered = await ask(`${server.url}${tag}`, { method: "DELETE", headers: LOGIN });

    expect(answered).toMatchObject({ status: 200, text: "" });
  });
});

/** The adapter in front of a simulated registry, with the API at another address. */
function openAt(api: Listening): Promise<Setting> {
  return openSetting({
    options: () => ({
      "harbor-username": ROBOT.username,
      "harbor-password": ROBOT.password,
      "harbor-api-url": api.url,
    }),
  });
}

async function deleteAgainst(response: FakeResponse): Promise<readonly TagOutcome[]> {
  await using server = await listen(async () => response);
  await using setting = await openAt(server);
  setting.seed(imageOf(), "latest");
  const outcomes = await Array.fromAsync(
    setting.registry.deleteTags(setting.repository, ["latest"]),
  );
  return outcomes;
}

function serveFake(): Promise<ListeningRegistry> {
  return createFakeHarbor({ users: [ROBOT], projects: ["acme"] }).listen();
}
