import { describe, expect, it } from "vitest";
import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { PEOPLE, openFixture } from "./fixture.ts";

describe("credentials", () => {
  it("come from the job on its own registry only", async () => {
    const job = (registry: string) => ({ CI_JOB_TOKEN: PEOPLE.jobToken, CI_REGISTRY: registry });
    const own = await openFixture({ options: () => ({}), env: job });
    const other = await openFixture({ options: () => ({}), env: () => job("registry.other.test") });
    own.seed(imageOf(), ["1.0"]);
    other.seed(imageOf(), ["1.0"]);

    expect(await Array.fromAsync(own.registry.listTags(own.repository))).toEqual([{ tag: "1.0" }]);
    await expect(Array.fromAsync(other.registry.listTags(other.repository))).rejects.toMatchObject({
      code: expect.stringMatching(/unauthorized|denied/),
    });
  });

  it("of docker's configuration win over those of the job", async () => {
    const { registry, repository, seed } = await openFixture({
      options: () => ({}),
      env: (host) => ({ CI_JOB_TOKEN: "expired", CI_REGISTRY: host }),
      credentials: { kind: "password", username: "ada", password: PEOPLE.accessToken },
    });
    seed(imageOf(), ["1.0"]);

    expect(await registry.resolve({ ...repository, tag: "1.0" })).toBeDefined();
  });

  it.each([
    [{ "gitlab-token": "a", "gitlab-job-token": "b" }, "exclude each other"],
    [{ "gitlab-deploy-token": "a" }, "gitlab-username"],
  ])("that make no sense are refused: %o", async (options, words) => {
    const opened = openFixture({ options: () => options });

    await expect(opened).rejects.toThrow(words);
  });

  it.each(["ftp://gitlab.test", "http://gitlab.test/api/v4", "nonsense"])(
    "are not sent to %s",
    async (url) => {
      const { registry, repository } = await openFixture({
        options: () => ({ "gitlab-token": PEOPLE.accessToken, "gitlab-api-url": url }),
      });

      const listed = Array.fromAsync(registry.listTags(repository));

      await expect(listed).rejects.toMatchObject({ code: "invalid" });
      await expect(listed).rejects.toThrow("gitlab-api-url");
    },
  );

  it("reach the API at the address that was given", async () => {
    const { registry, repository, seed } = await openFixture({
      options: (host) => ({
        "gitlab-token": PEOPLE.accessToken,
        "gitlab-api-url": `http://${host}/api/v4/`,
      }),
    });
    const image = imageOf();
    seed(image, ["1.0"]);

    const [entry] = await Array.fromAsync(registry.listTags(repository));

    expect(entry).toMatchObject({ tag: "1.0", digest: image.digest });
  });

  it("that were refused are not sent again, so that nobody is shut out", async () => {
    const { registry, repository, requests } = await openFixture({
      options: () => ({ "gitlab-job-token": "wrong" }),
    });

    const tries = Array.from({ length: 40 }, (_, at) =>
      registry.resolve({ ...repository, tag: `t${at}` }).catch((error: unknown) => error),
    );
    const errors = await Promise.all(tries);
    const last = await registry
      .resolve({ ...repository, tag: "x" })
      .catch((error: unknown) => error);

    expect(requests().filter((line) => line.endsWith("/jwt/auth")).length).toBeLessThan(5);
    for (const error of [...errors, last]) expect(error).toMatchObject({ code: "unauthorized" });
  });
});

describe("checkRights", () => {
  it("tells whose the token is, and what it lacks in GitLab's words", async () => {
    const { registry, repository, seed } = await openFixture({
      options: () => ({ "gitlab-token": PEOPLE.readToken }),
    });
    seed(imageOf(), ["1.0"]);

    const rights = await registry.checkRights(repository);

    expect(rights).toMatchObject({
      identity: PEOPLE.owner,
      list: { status: "granted" },
      read: { status: "granted" },
      push: { status: "refused", missing: expect.stringContaining("write_registry") },
      delete: { status: "refused", missing: expect.stringContaining("Developer") },
    });
  });
});
