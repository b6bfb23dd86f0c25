import { describe, expect, it } from "vitest";
import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { readJwt } from "../../../adapters/dockerhub/login.ts";
import type { AdapterOptionValues, Credentials } from "../../../src/registry/adapter.ts";
import { BOT, BY_TOKEN, openHub } from "./fixture.ts";
import type { Opened } from "./fixture.ts";

describe("credentials that enter both APIs", () => {
  it.each<[string, AdapterOptionValues, Credentials | undefined]>([
    ["a user and an access token", BY_TOKEN, undefined],
    [
      "a user and a password",
      { "docker-hub-username": BOT.identifier, "docker-hub-password": BOT.secret },
      undefined,
    ],
    [
      "what docker login left",
      {},
      { kind: "password", username: BOT.identifier, password: BOT.secret },
    ],
  ])("%s", async (_, options, credentials) => {
    const opened = await openHub({
      options: () => options,
      ...(credentials === undefined ? {} : { credentials }),
    });
    const digest = opened.seed(imageOf(), "1.0");

    const { registry, repository, warnings } = opened;

    expect(await tags(opened)).toEqual(["1.0"]);
    expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(digest);
    expect(warnings).toEqual([]);
  });
});

describe("a ready JWT", () => {
  it("enters the Hub API, beside a password for /v2/", async () => {
    const opened = await openHub({
      options: (hub) => ({
        "docker-hub-token": hub.jwtFor(BOT.identifier),
        "docker-hub-username": BOT.identifier,
        "docker-hub-password": BOT.secret,
      }),
    });
    opened.seed(imageOf(), "1.0");

    expect(await tags(opened)).toEqual(["1.0"]);
    expect(await opened.registry.resolve({ ...opened.repository, tag: "1.0" })).toBeDefined();
    expect(opened.log().some((line) => line.includes("/v2/auth/token"))).toBe(false);
  });

  it("is not sent to /v2/, and says so", async () => {
    const opened = await openHub({
      options: (hub) => ({ "docker-hub-token": hub.jwtFor(BOT.identifier) }),
    });
    opened.seed(imageOf(), "1.0");

    const resolved = opened.registry.resolve({ ...opened.repository, tag: "1.0" });

    await expect(resolved).rejects.toMatchObject({ code: "unauthorized" });
    expect(opened.warnings).toHaveLength(1);
  });

  it("cannot be renewed: what was refused or ran out is told", async () => {
    const opened = await openHub({
      options: (hub) => ({ "docker-hub-token": hub.jwtFor(BOT.identifier) }),
    });
    opened.seed(imageOf(), "1.0");
    opened.hub.revokeTokens();

    const error = await tags(opened).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code: "unauthorized", hint: expect.stringContaining("JWT") });
  });

  it("that ran out before is not sent", async () => {
    const part = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString("base64url");
    const old = `${part({ alg: "RS256" })}.${part({ exp: 1_700_000_000 })}.c2ln`;
    const opened = await openHub({ options: () => ({ "docker-hub-token": old }) });

    await expect(tags(opened)).rejects.toThrow("ran out at 2023-11-14T22:13:20.000Z");
    expect(opened.log()).toEqual([]);
  });
});

describe("options that do not fit together", () => {
  it.each<[AdapterOptionValues, string]>([
    [{ "docker-hub-token": "dckr_pat_x" }, "needs docker-hub-username"],
    [{ "docker-hub-password": "x" }, "needs docker-hub-username"],
    [{ "docker-hub-username": "x" }, "needs docker-hub-password or docker-hub-token"],
    [{ "docker-hub-api-url": "hub" }, "docker-hub-api-url must be"],
    [{ "docker-hub-api-url": "http://hub.test" }, "docker-hub-api-url must be"],
  ])("%j: %s", async (options, text) => {
    await expect(openHub({ options: () => options })).rejects.toThrow(text);
  });
});

it("wrong credentials are told without the secret", async () => {
  const opened = await openHub({
    options: () => ({ ...BY_TOKEN, "docker-hub-token": "dckr_pat_wr0ng" }),
  });

  const error = await tags(opened).catch((reason: unknown) => reason);

  expect(error).toMatchObject({ code: "unauthorized" });
  expect(String(error)).not.toContain("wr0ng");
});

it("without credentials names alone are listed, and nothing is deleted", async () => {
  const opened = await openHub({ options: () => ({}) });
  const { registry, repository } = opened;

  const [outcome] = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

  expect(outcome).toMatchObject({ status: "failed", error: { code: "unauthorized" } });
  expect(opened.log()).toEqual([]);
  await expect(tags(opened)).rejects.toMatchObject({ code: "denied" });
  expect(opened.warnings).toHaveLength(1);
});

it.each([
  ["eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjF9.c2ln", true],
  ["dckr_pat_abc", false],
  ["a.b.c", false],
  ["eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjF9", false],
  ["", false],
])("%s is a JWT: %s", (token, expected) => {
  expect(readJwt(token) !== undefined).toBe(expected);
});

async function tags({ registry, repository }: Opened): Promise<string[]> {
  return (await Array.fromAsync(registry.listTags(repository))).map(({ tag }) => tag);
}
