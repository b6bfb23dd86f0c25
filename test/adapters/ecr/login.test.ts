import { describe, expect, it } from "vitest";
import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { calls, openEcr } from "./harness.ts";

const HOUR_MS = 3_600_000;

describe("the token for content", () => {
  it("is bought once for many requests", async () => {
    await using opened = await openEcr();
    opened.seed(imageOf(), ["1.0"]);
    const { registry, repository } = opened;

    await registry.resolve({ ...repository, tag: "1.0" });
    await registry.resolve({ ...repository, tag: "1.0" });

    expect(opened.fake.actions()).toEqual({ GetAuthorizationToken: 1 });
    expect(opened.contentRequests()).toEqual(["HEAD 401", "HEAD 200", "HEAD 200"]);
  });

  it("is renewed before it ends", async () => {
    await using opened = await openEcr();
    opened.seed(imageOf(), ["1.0"]);
    const { registry, repository } = opened;

    await registry.resolve({ ...repository, tag: "1.0" });
    opened.passMs(7 * HOUR_MS);
    await registry.resolve({ ...repository, tag: "1.0" });

    expect(opened.fake.actions()).toEqual({ GetAuthorizationToken: 2 });
    expect(opened.contentRequests()).toEqual(["HEAD 401", "HEAD 200", "HEAD 200"]);
  });

  it("is renewed when it is refused in the middle of a run", async () => {
    await using opened = await openEcr();
    opened.seed(imageOf(), ["1.0"]);
    const { registry, repository } = opened;

    await registry.resolve({ ...repository, tag: "1.0" });
    opened.passMs(HOUR_MS);
    opened.fake.revokeTokens();
    const found = await registry.resolve({ ...repository, tag: "1.0" });

    expect(found).toBeDefined();
    expect(opened.contentRequests()).toEqual(["HEAD 401", "HEAD 200", "HEAD 401", "HEAD 200"]);
  });

  it("is not bought again and again where it is no good", async () => {
    await using opened = await openEcr({
      rules: [
        {
          when: ({ path, headers }) =>
            path.startsWith("/v2/") && headers["authorization"] !== undefined,
          fault: { kind: "status", status: 403 },
        },
      ],
    });
    const { registry, repository } = opened;

    const found = registry.resolve({ ...repository, tag: "1.0" });

    await expect(found).rejects.toMatchObject({ code: "denied" });
    expect(opened.fake.actions()).toEqual({ GetAuthorizationToken: 1 });
  });

  it.each([
    [503, "unavailable"],
    [429, "rate-limited"],
  ])("that does not come for a %i is no refusal, and comes afterwards", async (status, code) => {
    let isDown = true;
    await using opened = await openEcr({
      rules: [
        {
          when: (request, at) => isDown && calls("GetAuthorizationToken")(request, at),
          fault: { kind: "status", status },
        },
      ],
    });
    opened.seed(imageOf(), ["1.0"]);
    const { registry, repository } = opened;

    const first = registry.resolve({ ...repository, tag: "1.0" });
    await expect(first).rejects.toMatchObject({ code });
    isDown = false;

    expect(await registry.resolve({ ...repository, tag: "1.0" })).toBeDefined();
  });

  it("needs credentials, and says which", async () => {
    await using opened = await openEcr({
      env: { AWS_ACCESS_KEY_ID: "AKIANOBODY", AWS_SECRET_ACCESS_KEY: "a-very-secret-key" },
    });
    const { registry, repository } = opened;

    const error: unknown = await registry
      .resolve({ ...repository, tag: "1.0" })
      .catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code: "unauthorized" });
    expect(String(error)).toContain("UnrecognizedClientException");
    expect(String(error)).not.toContain("a-very-secret-key");
  });
});

describe("credentials of docker's configuration", () => {
  it("are used without asking the API", async () => {
    await using opened = await openEcr({
      env: {},
      credentials: (fake) => ({ kind: "password", username: "AWS", password: fake.issueToken() }),
    });
    opened.seed(imageOf(), ["1.0"]);
    const { registry, repository } = opened;

    const found = await registry.resolve({ ...repository, tag: "1.0" });

    expect(found).toBeDefined();
    expect(opened.fake.actions()).toEqual({});
  });

  it("give way to the API's once they have run out, which ECR says with 403", async () => {
    await using opened = await openEcr({
      credentials: (fake) => ({ kind: "password", username: "AWS", password: fake.issueToken(-1) }),
    });
    opened.seed(imageOf(), ["1.0"]);
    const { registry, repository } = opened;

    const found = await registry.resolve({ ...repository, tag: "1.0" });

    expect(found).toBeDefined();
    expect(opened.contentRequests()).toEqual(["HEAD 401", "HEAD 403", "HEAD 200"]);
  });

  it("stay in use for what they are good for where there are no others", async () => {
    const denied = ["InitiateLayerUpload"];
    const keys = { accessKeyId: "AKIAREADER", secretAccessKey: "reader" };
    await using opened = await openEcr({
      users: [{ ...keys, denied }],
      env: { AWS_ACCESS_KEY_ID: "AKIANOBODY", AWS_SECRET_ACCESS_KEY: "nobody" },
      credentials: (fake) => ({ kind: "password", username: "AWS", password: fake.issueToken() }),
    });
    const { registry, repository } = opened;
    const image = imageOf();
    opened.seed(image, ["1.0"]);

    const rights = await registry.checkRights(repository);
    const found = await registry.resolve({ ...repository, tag: "1.0" });

    expect(rights.push.status).toBe("refused");
    expect(found?.digest).toBe(image.digest);
  });
});
