import { describe, expect, it } from "vitest";
import { asRule } from "../../../adapters/gcr/errors.ts";
import { imageOf, indexOf } from "../../../contract-tests/fakes/seed.ts";
import { RegistryError } from "../../../src/registry/error.ts";
import { PLACE, openFixture } from "./fixture.ts";

const image = imageOf();
const other = imageOf({ labels: { n: "other" } });

describe("a manifest", () => {
  it("goes with the tags that were told, each looked at before", async () => {
    const { registry, repository, seed, tags } = await openFixture();
    seed(image, ["1.0", "latest"]);
    seed(other, ["2.0"]);
    const told = new Map([[image.digest, ["1.0", "latest", "gone"]]]);

    const outcomes = await Array.fromAsync(
      registry.deleteManifests(repository, [image.digest], { tags: told }),
    );

    expect(outcomes).toEqual([{ digest: image.digest, status: "deleted" }]);
    expect(tags()).toEqual(["2.0"]);
  });

  it("stays with all its tags when one came that nobody told", async () => {
    const { registry, repository, seed, tags } = await openFixture();
    seed(image, ["1.0", "new"]);
    const told = new Map([[image.digest, ["1.0"]]]);

    const [outcome] = await Array.fromAsync(
      registry.deleteManifests(repository, [image.digest], { tags: told }),
    );

    expect(outcome).toMatchObject({ status: "failed", error: { code: "conflict" } });
    expect(tags()).toEqual(["1.0", "new"]);
  });

  it("gets its tags back when one comes between the look and the deletion", async () => {
    const { registry, repository, seed, tags } = await openFixture({
      faults: (fixture) => [
        {
          when: ({ method, path }) => method === "DELETE" && path.includes("sha256:"),
          before: () => fixture().move("new", image),
        },
      ],
    });
    seed(image, ["1.0", "latest"]);
    const told = new Map([[image.digest, ["1.0", "latest"]]]);

    const [outcome] = await Array.fromAsync(
      registry.deleteManifests(repository, [image.digest], { tags: told }),
    );

    expect(outcome).toMatchObject({
      status: "failed",
      error: { code: "conflict", registryCode: "GOOGLE_MANIFEST_DANGLING_TAG" },
    });
    expect(tags()).toEqual(["1.0", "latest", "new"]);
  });

  it("does not mind a tag that an older listing has and a fresh one has not", async () => {
    const { registry, repository, seed, tags } = await openFixture();
    seed(image, ["1.0", "extra"]);
    seed(other, ["2.0"]);
    const told = new Map([
      [image.digest, ["1.0"]],
      [other.digest, ["2.0"]],
    ]);
    await Array.fromAsync(registry.deleteManifests(repository, [other.digest], { tags: told }));
    await Array.fromAsync(registry.deleteTags(repository, ["extra"]));

    const outcomes = await Array.fromAsync(
      registry.deleteManifests(repository, [image.digest], { tags: told }),
    );

    expect(outcomes).toEqual([{ digest: image.digest, status: "deleted" }]);
    expect(tags()).toEqual([]);
  });

  it.each([
    ["an index names it", {}, "GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE", indexOf([image])],
    [
      "another has it as its subject",
      { keepsSubjects: true },
      "GOOGLE_MANIFEST_REFERRING_MANIFEST",
      imageOf({
        layers: ["signature"],
        subject: { mediaType: image.mediaType, digest: image.digest, size: image.bytes.length },
      }),
    ],
  ])(
    "stays as a conflict, and its tag with it, while %s",
    async (_, traits, registryCode, holder) => {
      const { registry, repository, seed, tags } = await openFixture({ traits });
      seed(image, ["1.0"]);
      seed(holder, ["holder"]);
      const told = new Map([[image.digest, ["1.0"]]]);

      const [outcome] = await Array.fromAsync(
        registry.deleteManifests(repository, [image.digest], { tags: told }),
      );

      expect(outcome).toMatchObject({
        status: "failed",
        error: { code: "conflict", registryCode },
      });
      expect(tags()).toEqual(["1.0", "holder"]);
    },
  );

  it("of an immutable repository stays while it has a tag, and goes without", async () => {
    const { registry, repository, seed, tags } = await openFixture({
      traits: { immutableTags: true },
    });
    seed(image, ["1.0"]);
    seed(other);

    const outcomes = await Array.fromAsync(
      registry.deleteManifests(repository, [image.digest, other.digest]),
    );
    const untagged = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    const byDigest = new Map(outcomes.map((outcome) => [outcome.digest, outcome]));
    expect(byDigest.get(image.digest)).toMatchObject({ error: { code: "conflict" } });
    expect(byDigest.get(other.digest)).toMatchObject({ status: "deleted" });
    expect(untagged).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
    expect(tags()).toEqual(["1.0"]);
  });

  it.each([
    ["DENIED", 403, "denied"],
    ["UNAUTHORIZED", 401, "unauthorized"],
    ["TOOMANYREQUESTS", 429, "rate-limited"],
  ])("is refused by %s, not by a rule, whatever its repository is called", async (...given) => {
    const [registryCode, status, code] = given;
    const { registry, repository, seed } = await openFixture({
      faults: () => [
        {
          when: ({ method }) => method === "DELETE",
          fault: { kind: "status", status, code: registryCode },
        },
      ],
    });
    const immutable = { ...repository, name: `${PLACE}/immutable-app` };
    seed(image, ["1.0"], immutable.name);

    const [byTag] = await Array.fromAsync(registry.deleteTags(immutable, ["1.0"]));
    const [byDigest] = await Array.fromAsync(registry.deleteManifests(immutable, [image.digest]));

    expect(byTag).toMatchObject({ status: "failed", error: { code } });
    expect(byDigest).toMatchObject({ status: "failed", error: { code } });
  });

  it("is denied though what the words name is called immutable", () => {
    const message =
      'r.example: cannot delete r.example/p/r/app:1: denied (403 DENIED: Permission "artifactregistry.tags.delete" denied on resource "projects/p/locations/us/repositories/immutable-images")';

    const told = asRule(new RegistryError("denied", message, { status: 403 }));

    expect(told.code).toBe("denied");
  });

  it("waits for the quota of deletions", async () => {
    const { registry, repository, seed, tags, requests } = await openFixture({
      traits: { deletesPerMinute: 2 },
    });
    seed(image, ["1.0"]);
    seed(other, ["2.0"]);

    const outcomes = await Array.fromAsync(
      registry.deleteManifests(repository, [image.digest, other.digest]),
    );

    expect(outcomes.map(({ status }) => status)).toEqual(["deleted", "deleted"]);
    expect(tags()).toEqual([]);
    expect(requests().some((line) => line.endsWith(" 429"))).toBe(true);
  });
});
