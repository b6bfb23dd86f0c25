import { describe, expect, it } from "vitest";
import { ALL_ACTIONS } from "../../../contract-tests/fakes/acr/tokens.ts";
import { answer, answerJson } from "../../../contract-tests/fakes/message.ts";
import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { openAcr } from "./fixture.ts";
import type { Opened } from "./fixture.ts";
import { OF_THE_PRINCIPAL, signIn } from "./sign-in.ts";

const TAKEN = new Map([["entra-token", ALL_ACTIONS]]);

describe("a service principal of the environment", () => {
  it("signs in, and its token is exchanged once for all repositories", async () => {
    const entra = signIn(() => "entra-token");
    const opened = await openAcr({
      acr: { entraTokens: TAKEN, attributeBased: true },
      options: {},
      env: OF_THE_PRINCIPAL,
      elsewhere: entra.serve,
    });
    const digest = opened.seed(imageOf(), "1.0");
    const { registry, repository } = opened;

    expect(await tags(opened)).toEqual(["1.0"]);
    expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(digest);
    await Array.fromAsync(registry.listTags({ ...repository, name: "acme/other" }));
    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    expect(outcomes).toEqual([{ tag: "1.0", status: "deleted" }]);
    expect(opened.log().filter((line) => line.includes("/oauth2/exchange"))).toHaveLength(1);
    expect(entra.scopes()).toEqual(["https://containerregistry.azure.net/.default"]);
  });

  it("is asked for the resource manager's audience where the registry's is refused", async () => {
    const entra = signIn((scope) => (scope.includes("management") ? "entra-token" : undefined));
    const opened = await openAcr({
      acr: { entraTokens: TAKEN },
      options: {},
      env: OF_THE_PRINCIPAL,
      elsewhere: entra.serve,
    });
    opened.seed(imageOf(), "1.0");

    expect(await tags(opened)).toEqual(["1.0"]);
  });

  it("signs in again when the refresh token has run out in the middle", async () => {
    const entra = signIn(() => "entra-token");
    const opened = await openAcr({
      acr: { entraTokens: TAKEN },
      options: {},
      env: OF_THE_PRINCIPAL,
      elsewhere: entra.serve,
    });
    opened.seed(imageOf(), "1.0");
    await tags(opened);

    opened.pass(4 * 3_600_000);

    expect(await tags(opened)).toEqual(["1.0"]);
    expect(opened.log().filter((line) => line.includes("/oauth2/exchange"))).toHaveLength(2);
  });

  it("that Entra refuses is told in one line, without its secret", async () => {
    const opened = await openAcr({
      options: {},
      env: OF_THE_PRINCIPAL,
      elsewhere: signIn(() => undefined).serve,
    });

    const error = await tags(opened).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code: "unauthorized" });
    expect(String(error)).toContain("client secret of the environment");
    expect(String(error)).not.toMatch(/\n|s3cret/);
  });

  it("that the registry refuses is told", async () => {
    const opened = await openAcr({
      options: {},
      env: OF_THE_PRINCIPAL,
      elsewhere: signIn(() => "token-of-a-stranger").serve,
    });

    await expect(tags(opened)).rejects.toMatchObject({ code: "unauthorized" });
  });
});

it("the managed identity of a machine signs in where its metadata service answers", async () => {
  const opened = await openAcr({
    acr: { entraTokens: TAKEN },
    options: {},
    elsewhere: async ({ path, headers, query }) => {
      if (!path.startsWith("/169.254.169.254/metadata/identity/")) return answer(404);
      if (headers["metadata"] !== "true") return answerJson(400, { error: "invalid_request" });
      return answerJson(200, {
        access_token: "entra-token",
        expires_on: String(Math.floor(Date.now() / 1000) + 86_400),
        resource: query.get("resource"),
        token_type: "Bearer",
      });
    },
  });
  opened.seed(imageOf(), "1.0");

  expect(await tags(opened)).toEqual(["1.0"]);
});

it("without any identity requests stay anonymous", async () => {
  const opened = await openAcr({ options: {} });
  opened.seed(imageOf(), "1.0");

  await expect(tags(opened)).rejects.toMatchObject({ code: "unauthorized" });
  expect(opened.log().some((line) => line.includes("/oauth2/exchange"))).toBe(false);
});

async function tags({ registry, repository }: Opened): Promise<string[]> {
  return (await Array.fromAsync(registry.listTags(repository))).map(({ tag }) => tag);
}
