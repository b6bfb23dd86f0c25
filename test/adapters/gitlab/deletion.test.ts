import { describe, expect, it } from "vitest";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { imageOf, indexOf } from "../../../contract-tests/fakes/seed.ts";
import { PEOPLE, openFixture } from "./fixture.ts";

const many = Array.from({ length: 45 }, (_, at) => `build-${at}`);

describe("tags in batches", () => {
  it("go twenty at a time with a token for the API, and their sibling stays", async () => {
    const { registry, repository, seed, tags, requests } = await openFixture();
    seed(imageOf(), [...many, "kept"]);

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, many));

    expect(outcomes.filter(({ status }) => status === "deleted")).toHaveLength(45);
    expect(tags()).toEqual(["kept"]);
    const sent = requests();
    expect(sent.filter((line) => line === "POST /api/graphql")).toHaveLength(4);
    expect(sent.filter((line) => line.startsWith("DELETE"))).toEqual([]);
  });

  it("go one by one where the token may not write, after a single try", async () => {
    const { registry, repository, seed, requests, tags } = await openFixture({
      faults: [
        {
          when: ({ path, body }) =>
            path === "/api/graphql" && Buffer.from(body).includes("mutation"),
          fault: { kind: "status", status: 403 },
        },
      ],
    });
    seed(imageOf(), [...many, "kept"]);
    await Array.fromAsync(registry.deleteTags(repository, many.slice(0, 3)));
    requests();

    await Array.fromAsync(registry.deleteTags(repository, many.slice(3)));

    expect(tags()).toEqual(["kept"]);
    expect(requests().filter((line) => line.includes("graphql"))).toEqual([]);
  });

  it("leave what a rule protects, and say so", async () => {
    const { registry, repository, seed, tags } = await openFixture({
      traits: { protects: (tag) => tag.startsWith("v"), freezes: (tag) => tag === "frozen" },
    });
    seed(imageOf(), ["v1", "frozen", "old", "kept"]);

    const outcomes = await Array.fromAsync(
      registry.deleteTags(repository, ["v1", "frozen", "old", "absent"]),
    );

    const codes = outcomes.map((one) => [
      one.tag,
      one.status === "failed" ? one.error.code : "deleted",
    ]);
    expect(Object.fromEntries(codes)).toEqual({
      v1: "conflict",
      frozen: "conflict",
      old: "deleted",
      absent: "deleted",
    });
    expect(tags()).toEqual(["v1", "frozen", "kept"]);
  });
});

describe("tags of an older server", () => {
  it("go by the route of its time", async () => {
    const { registry, repository, seed, tags, requests } = await openFixture({
      traits: { untags: "reference" },
      options: () => ({ "gitlab-job-token": PEOPLE.jobToken }),
    });
    seed(imageOf(), ["1.0", "kept"]);

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0", "absent"]));

    expect(outcomes.map(({ status }) => status)).toEqual(["deleted", "deleted"]);
    expect(tags()).toEqual(["kept"]);
    expect(requests()).toContain("DELETE /v2/acme/app/web/tags/reference/1.0");
    expect((await registry.learn(repository)).tagDeletion).toBe("native");
  });

  it("go by the API where the registry has no route, protected ones not", async () => {
    const { registry, repository, seed, tags } = await openFixture({
      traits: { untags: "none", protects: (tag) => tag === "v1" },
      options: () => ({ "gitlab-job-token": PEOPLE.jobToken }),
    });
    seed(imageOf(), ["1.0", "v1", "kept"]);

    const outcomes = await Array.fromAsync(
      registry.deleteTags(repository, ["1.0", "v1", "absent"]),
    );

    expect(outcomes.map(({ status }) => status).toSorted()).toEqual([
      "deleted",
      "deleted",
      "failed",
    ]);
    expect(outcomes.find(({ tag }) => tag === "v1")).toMatchObject({ error: { code: "conflict" } });
    expect(tags()).toEqual(["v1", "kept"]);
  });

  it.each(["reference", "none"] as const)(
    "are not gone by a page for people (%s)",
    async (untags) => {
      const isUntagging: NonNullable<FaultRule["when"]> = ({ method, path }) =>
        method === "DELETE" && /\/tags\/(?:reference\/)?1\.0$/.test(path);
      const { registry, repository, seed, tags } = await openFixture({
        traits: { untags },
        options: () => ({ "gitlab-job-token": PEOPLE.jobToken }),
        faults: [{ when: isUntagging, fault: { kind: "html", status: 200 } }],
      });
      seed(imageOf(), ["1.0", "kept"]);

      const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

      expect(outcomes).toMatchObject([{ status: "failed", error: { code: "protocol" } }]);
      expect(tags()).toEqual(["1.0", "kept"]);
    },
  );

  it("stay where there is no way", async () => {
    const { registry, repository, seed, tags } = await openFixture({
      traits: { untags: "none" },
      options: () => ({}),
      credentials: { kind: "password", username: "ada", password: PEOPLE.accessToken },
    });
    seed(imageOf(), ["1.0", "kept"]);

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "unsupported" } }]);
    expect(tags()).toEqual(["1.0", "kept"]);
    expect((await registry.learn(repository)).tagDeletion).toBe("none");
  });
});

describe("manifests", () => {
  it("stay as conflicts while the project has a rule, whatever their tags", async () => {
    const { registry, repository, seed, tags } = await openFixture({
      traits: { protects: (tag) => tag === "other" },
    });
    const image = imageOf();
    seed(image, ["1.0"]);

    const [outcome] = await Array.fromAsync(registry.deleteManifests(repository, [image.digest]));

    expect(outcome).toMatchObject({ status: "failed", error: { code: "conflict", status: 401 } });
    expect(tags()).toEqual(["1.0"]);
  });

  it("stay as conflicts while an index names them", async () => {
    const { registry, repository, seed } = await openFixture();
    const child = imageOf();
    seed(indexOf([child]), ["1.0"]);

    const [outcome] = await Array.fromAsync(registry.deleteManifests(repository, [child.digest]));

    expect(outcome).toMatchObject({
      error: { code: "conflict", registryCode: "MANIFEST_REFERENCED" },
    });
  });

  it("stay where the token is one that deletes nothing", async () => {
    const { registry, repository, seed, tags } = await openFixture({
      options: () => ({
        "gitlab-deploy-token": PEOPLE.deployToken,
        "gitlab-username": PEOPLE.deployUser,
      }),
    });
    const image = imageOf();
    seed(image, ["1.0"]);

    const [outcome] = await Array.fromAsync(registry.deleteManifests(repository, [image.digest]));

    expect(outcome).toMatchObject({
      status: "failed",
      error: { code: expect.stringMatching(/denied|unauthorized/) },
    });
    expect(tags()).toEqual(["1.0"]);
  });
});
