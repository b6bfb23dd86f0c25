import { describe, expect, it, onTestFinished } from "vitest";
import type { FakeBearerAuth, FakeUser } from "../../contract-tests/fakes/auth.ts";
import { answer, answerJson, problem } from "../../contract-tests/fakes/message.ts";
import type { FakeRequest, FakeResponse } from "../../contract-tests/fakes/message.ts";
import { listen } from "../../contract-tests/fakes/serve.ts";
import { imageOf, seedContent } from "../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../contract-tests/fakes/state.ts";
import type { Credentials } from "../../src/registry/adapter.ts";
import { openHarness } from "./harness.ts";
import type { Harness, HarnessOptions } from "./harness.ts";

const BOT = { kind: "password", username: "bot", password: "s3cret" } as const;
const READER = { kind: "password", username: "reader", password: "s3cret" } as const;
const users: readonly FakeUser[] = [
  { username: "bot", password: "s3cret" },
  { username: "reader", password: "s3cret", rights: ["pull"] },
];
const bearer: FakeBearerAuth = { kind: "bearer", users };
const image = imageOf();

describe("authorisation", () => {
  it.each([
    ["Basic", { kind: "basic", users }, BOT, ["HEAD 401", "HEAD 200", "HEAD 200"]],
    ["Bearer", bearer, BOT, ["HEAD 401", "GET 200", "HEAD 200", "HEAD 200"]],
    [
      "Bearer of a service that hides the lifetime",
      { ...bearer, hidesLifetime: true, tokenMethods: "get" },
      BOT,
      ["HEAD 401", "GET 200", "HEAD 200", "HEAD 200"],
    ],
    [
      "an identity token",
      { ...bearer, identityTokens: { "id-1": "bot" } },
      { kind: "identity-token", token: "id-1" },
      ["HEAD 401", "POST 200", "HEAD 200", "HEAD 200"],
    ],
    [
      "nobody, where nobody may read",
      { ...bearer, anonymousRights: ["pull"] },
      undefined,
      ["HEAD 401", "GET 200", "HEAD 200", "HEAD 200"],
    ],
  ] as const)("lets us in by %s, asked for once", async (_, auth, credentials, log) => {
    const harness = await seeded(auth, credentials);
    const reference = { ...harness.repository, tag: "latest" };

    expect(await harness.registry.resolve(reference)).toBeDefined();
    expect(await harness.registry.resolve(reference)).toBeDefined();

    expect(harness.log()).toEqual(log);
  });

  it("buys one token for requests at the same time", async () => {
    const harness = await seeded(bearer, BOT);
    const reference = { ...harness.repository, tag: "latest" };

    await Promise.all(Array.from({ length: 8 }, () => harness.registry.resolve(reference)));

    expect(harness.log().filter((line) => line.startsWith("GET"))).toHaveLength(1);
  });

  it.each([
    ["Basic", { kind: "basic", users }],
    ["Bearer", bearer],
  ] as const)("lets every one of the first requests in by %s", async (_, auth) => {
    const { registry, repository } = await seeded(auth, BOT);
    const reference = { ...repository, tag: "latest" };

    const resolved = await Promise.all(
      Array.from({ length: 8 }, () => registry.resolve(reference)),
    );

    expect(resolved.map((found) => found?.digest)).toEqual(Array(8).fill(image.digest));
  });

  it("asks twice at most when it knows no credentials", async () => {
    const { registry, repository, log } = await seeded({ kind: "basic", users }, undefined);

    const resolving = registry.resolve({ ...repository, tag: "latest" });

    await expect(resolving).rejects.toMatchObject({ code: "unauthorized" });
    expect(log()).toEqual(["HEAD 401", "HEAD 401"]);
  });

  it("renews a token at four fifths of its life", async () => {
    let nowMs = 0;
    const harness = await seeded({ ...bearer, lifetimeSeconds: 100 }, BOT, {
      now: () => new Date(nowMs),
    });
    const reference = { ...harness.repository, tag: "latest" };
    await harness.registry.resolve(reference);
    harness.log();

    nowMs = 79_000;
    await harness.registry.resolve(reference);
    expect(harness.log()).toEqual(["HEAD 200"]);

    nowMs = 80_000;
    await harness.registry.resolve(reference);
    expect(harness.log()).toEqual(["GET 200", "HEAD 200"]);
  });

  it("buys another token when one is refused before its time", async () => {
    const harness = await seeded(bearer, BOT);
    const reference = { ...harness.repository, tag: "latest" };
    await harness.registry.resolve(reference);
    harness.fake.revokeTokens();
    harness.log();

    expect(await harness.registry.resolve(reference)).toBeDefined();
    expect(harness.log()).toEqual(["HEAD 401", "GET 200", "HEAD 200"]);
  });

  it("asks for the right that each request needs", async () => {
    const { registry, repository } = await seeded(bearer, BOT);
    await registry.resolve({ ...repository, tag: "latest" });

    await registry.putManifest({ ...repository, tag: "second" }, image);
    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["second"]));

    expect(outcomes).toEqual([{ tag: "second", status: "deleted" }]);
  });

  it("settles a deletion as denied after asking for wider scopes, and no further", async () => {
    const harness = await seeded(bearer, READER);
    const { registry, repository } = harness;

    const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [image.digest]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "denied" } }]);
    expect(harness.log().length).toBeLessThanOrEqual(9);
  });

  it.each([
    ["Basic", { kind: "basic", users }],
    ["Bearer", bearer],
  ] as const)("says in one line that a password is wrong: %s", async (_, auth) => {
    const { registry, repository } = await seeded(auth, { ...BOT, password: "wr0ng" });

    const error: unknown = await registry
      .resolve({ ...repository, tag: "latest" })
      .catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({
      code: "unauthorized",
      hint: expect.stringContaining(`cr login ${repository.host}`),
    });
    expect(String(error)).not.toMatch(/wr0ng|\n/);
  });

  it("takes an abort while the token is fetched, and leaves the token to others", async () => {
    const harness = await seeded(bearer, BOT, {
      faults: [
        {
          when: ({ path }) => path === "/token",
          before: () => {
            controller.abort(new Error("enough"));
          },
        },
      ],
    });
    const controller = new AbortController();
    const reference = { ...harness.repository, tag: "latest" };

    const results = await Promise.allSettled([
      harness.registry.resolve(reference, { signal: controller.signal }),
      harness.registry.resolve(reference),
    ]);

    expect(results).toMatchObject([
      { status: "rejected", reason: new Error("enough") },
      { status: "fulfilled" },
    ]);
  });
});

describe("token services", () => {
  it.each([
    ["token", { token: "t0ken" }],
    ["access_token", { access_token: "t0ken", expires_in: 0 }],
  ])("give a token as %s", async (_, body) => {
    const { resolve } = await withService(() => answerJson(200, body));

    await expect(resolve()).resolves.toBeUndefined();
  });

  it.each([
    ["JSON without a token", answerJson(200, {}), "protocol"],
    ["no JSON", answer(200, {}, new TextEncoder().encode("<html>")), "protocol"],
    ["a token that is no header", answerJson(200, { token: "a\r\nb: c" }), "protocol"],
    ["401", answer(401), "unauthorized"],
    ["403", answer(403), "denied"],
    ["500", answer(500), "unavailable"],
  ])("that answer %s reject with a code", async (_, response, code) => {
    const { resolve } = await withService(() => response);

    await expect(resolve()).rejects.toMatchObject({ name: "RegistryError", code });
  });

  it("get an identity token by GET where they know no POST", async () => {
    const credentials: Credentials = { kind: "identity-token", token: "id" };
    const { resolve, asked } = await withService(
      ({ method }) => (method === "POST" ? answer(405) : answerJson(200, { token: "t0ken" })),
      { credentials },
    );

    await resolve();

    expect(asked.map(({ method }) => method)).toEqual(["POST", "GET"]);
  });

  it("get the newest refresh token they gave out", async () => {
    const credentials: Credentials = { kind: "identity-token", token: "id-0" };
    let nowMs = 0;
    let given = 0;
    const { resolve, asked } = await withService(
      () => {
        given += 1;
        return answerJson(200, { access_token: "t0ken", refresh_token: `id-${given}` });
      },
      { credentials, now: () => new Date(nowMs) },
    );

    await resolve();
    nowMs = 60_000;
    await resolve();

    const tokens = asked.map(({ body }) =>
      new URLSearchParams(new TextDecoder().decode(body)).get("refresh_token"),
    );
    expect(tokens).toEqual(["id-0", "id-1"]);
  });

  it("get what the source of credentials holds when theirs have run out", async () => {
    const secrets = ["id-0", "id-1"];
    let nowMs = 0;
    const { resolve, asked } = await withService(
      () => answerJson(200, { access_token: "t0ken", expires_in: 1 }),
      {
        source: async () => ({
          kind: "identity-token",
          token: secrets.shift() ?? "none",
          renewAt: nowMs + 5_000,
        }),
        now: () => new Date(nowMs),
      },
    );

    for (const seconds of [0, 4, 5]) {
      nowMs = seconds * 1000;
      await resolve();
    }

    const tokens = asked.map(({ body }) =>
      new URLSearchParams(new TextDecoder().decode(body)).get("refresh_token"),
    );
    expect(tokens).toEqual(["id-0", "id-0", "id-1"]);
  });

  it("get no credentials without TLS when they stand on another host", async () => {
    const { resolve, asked } = await withService(() => answerJson(200, { token: "t0ken" }), {
      realmHost: "localhost",
      credentials: BOT,
    });

    await expect(resolve()).rejects.toThrow("not reached over https:");
    expect(asked).toEqual([]);
  });

  it("are not needed for a token that is sent as it is", async () => {
    const { resolve, asked } = await withService(() => answer(500), {
      credentials: { kind: "bearer-token", token: "t0ken" },
    });

    await resolve();

    expect(asked).toEqual([]);
  });
});

async function seeded(
  auth: NonNullable<HarnessOptions["fake"]>["auth"],
  credentials: Credentials | undefined,
  options: HarnessOptions = {},
): Promise<Harness> {
  const harness = await openHarness({
    ...options,
    fake: auth === undefined ? {} : { auth },
    ...(credentials === undefined ? {} : { credentials }),
  });
  seedContent(repositoryIn(harness.fake.state, harness.repository.name), image, ["latest"]);
  return harness;
}

/** A registry that knows `t0ken` and holds nothing, and a token service beside it. */
async function withService(
  respond: (request: FakeRequest) => FakeResponse,
  options: HarnessOptions & { readonly realmHost?: string } = {},
): Promise<{ readonly asked: readonly FakeRequest[]; readonly resolve: () => Promise<unknown> }> {
  const asked: FakeRequest[] = [];
  const service = await listen(async (request) => {
    asked.push(request);
    return respond(request);
  });
  const realm = new URL("/token", service.url);
  realm.hostname = options.realmHost ?? realm.hostname;
  const server = await listen(async ({ headers }) =>
    headers["authorization"] === "Bearer t0ken"
      ? problem(404, "MANIFEST_UNKNOWN")
      : answer(401, { "www-authenticate": `Bearer realm="${realm.href}",service="x"` }),
  );
  onTestFinished(async () => {
    await service.close();
    await server.close();
  });
  const { host } = server;
  const { registry } = await openHarness({ ...options, host });
  return { asked, resolve: () => registry.resolve({ host, name: "acme/api", tag: "latest" }) };
}
