import { describe, expect, it } from "vitest";
import { imageOf, indexOf } from "../../../contract-tests/fakes/seed.ts";
import type { Fault } from "../../../contract-tests/fakes/faults.ts";
import { isRegistryError } from "../../../src/registry/error.ts";
import { calls, openEcr } from "./harness.ts";

describe("deleteManifests", () => {
  it("leaves an image with all its tags when one came since", async () => {
    await using opened = await openEcr();
    const { digest } = imageOf();
    opened.seed(imageOf(), ["1.0", "new"]);

    const outcomes = await Array.fromAsync(
      opened.registry.deleteManifests(opened.repository, [digest], {
        tags: new Map([[digest, ["1.0"]]]),
      }),
    );

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
    expect(opened.tags()).toEqual(["1.0", "new"]);
  });

  it("leaves an image that gets a tag between the look and the deletion", async () => {
    const image = imageOf();
    await using opened = await openEcr({
      rules: [
        {
          when: calls("BatchDeleteImage"),
          times: 1,
          before: () => void opened.state.tags.set("late", image.digest),
        },
      ],
    });
    opened.seed(image, ["1.0"]);

    const outcomes = await Array.fromAsync(
      opened.registry.deleteManifests(opened.repository, [image.digest], {
        tags: new Map([[image.digest, ["1.0"]]]),
      }),
    );

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
    expect(opened.tags()).toEqual(["late"]);
  });

  it("leaves a tag that moved to another image", async () => {
    await using opened = await openEcr();
    const { digest } = imageOf();
    const other = imageOf({ layers: ["other"] });
    opened.seed(imageOf(), ["1.0"]);
    opened.seed(other, ["moved"]);

    const outcomes = await Array.fromAsync(
      opened.registry.deleteManifests(opened.repository, [digest], {
        tags: new Map([[digest, ["1.0", "moved"]]]),
      }),
    );

    expect(outcomes).toEqual([{ digest, status: "deleted" }]);
    expect(opened.tags()).toEqual(["moved"]);
  });

  it("removes the children of an index that goes in the same call", async () => {
    await using opened = await openEcr();
    const child = imageOf();
    const index = indexOf([child]);
    opened.seed(index, ["1.0"]);
    const digests = [child.digest, index.digest];
    const tags = new Map([[index.digest, ["1.0"]]]);

    const outcomes = await Array.fromAsync(
      opened.registry.deleteManifests(opened.repository, digests, { tags }),
    );

    expect(outcomes.map(({ status }) => status)).toEqual(["deleted", "deleted"]);
    expect(opened.state.manifests.size).toBe(0);
  });

  it("says why the last tag of a child stays", async () => {
    await using opened = await openEcr();
    const child = imageOf();
    opened.seed(indexOf([child]), ["1.0"]);
    opened.state.tags.set("child", child.digest);

    const outcomes = await Array.fromAsync(
      opened.registry.deleteTags(opened.repository, ["child"]),
    );

    expect(outcomes).toMatchObject([
      {
        status: "failed",
        error: { code: "conflict", registryCode: "ImageReferencedByManifestList" },
      },
    ]);
    expect(opened.tags()).toEqual(["1.0", "child"]);
  });
});

describe("a deletion whose call fails", () => {
  it.each<[string, Fault, string]>([
    ["403", { kind: "status", status: 403 }, "denied"],
    ["a page instead of an answer", { kind: "html", status: 200 }, "protocol"],
    ["a proxy's 404", { kind: "html", status: 404 }, "protocol"],
    ["502 with a page", { kind: "html", status: 502 }, "unavailable"],
    ["resets", { kind: "reset" }, "unavailable"],
    ["429", { kind: "throttled", retryAfter: "1" }, "rate-limited"],
    ["broken JSON", { kind: "broken-json" }, "protocol"],
  ])("%s: tells nothing to be gone that is there", async (_, fault, code) => {
    await using opened = await openEcr({ rules: [{ when: calls("BatchDeleteImage"), fault }] });
    opened.seed(imageOf(), ["1.0", "latest"]);

    const outcomes = await Array.fromAsync(
      opened.registry.deleteTags(opened.repository, ["latest"]),
    );

    expect(outcomes).toMatchObject([{ tag: "latest", status: "failed", error: { code } }]);
  });

  it("counts as done when only the answer was lost", async () => {
    await using opened = await openEcr({
      rules: [{ when: calls("BatchDeleteImage"), times: 1, fault: { kind: "reset-after" } }],
    });
    opened.seed(imageOf(), ["1.0", "latest"]);

    const outcomes = await Array.fromAsync(
      opened.registry.deleteTags(opened.repository, ["latest"]),
    );

    expect(outcomes).toEqual([{ tag: "latest", status: "deleted" }]);
    expect(opened.tags()).toEqual(["1.0"]);
  });

  it("waits out ThrottlingException and goes on", async () => {
    await using opened = await openEcr({ throttle: (_, index) => index < 3 });
    opened.seed(imageOf(), ["1.0", "latest"]);

    const outcomes = await Array.fromAsync(
      opened.registry.deleteTags(opened.repository, ["latest"]),
    );

    expect(outcomes).toEqual([{ tag: "latest", status: "deleted" }]);
    expect(opened.fake.actions()["BatchDeleteImage"]).toBe(4);
    expect(opened.waits.length).toBeGreaterThan(0);
  });

  it("is rate-limited when that never ends", async () => {
    await using opened = await openEcr({ throttle: () => true });
    opened.seed(imageOf(), ["1.0", "latest"]);

    const outcomes = await Array.fromAsync(
      opened.registry.deleteTags(opened.repository, ["latest"]),
    );

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "rate-limited" } }]);
    expect(opened.tags()).toEqual(["1.0", "latest"]);
  });

  it("names the action that the policy lacks", async () => {
    const { accessKeyId, secretAccessKey } = { accessKeyId: "AKIAREADER", secretAccessKey: "s" };
    await using opened = await openEcr({
      users: [{ accessKeyId, secretAccessKey, denied: ["BatchDeleteImage"] }],
      env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    });
    opened.seed(imageOf(), ["1.0", "latest"]);

    const outcomes = await Array.fromAsync(
      opened.registry.deleteTags(opened.repository, ["latest"]),
    );
    const rights = await opened.registry.checkRights(opened.repository);

    const [outcome] = outcomes;
    const error = outcome?.status === "failed" ? outcome.error : undefined;
    expect(isRegistryError(error, "denied")).toBe(true);
    expect(error?.message).toContain("ecr:BatchDeleteImage");
    expect(rights).toMatchObject({
      list: { status: "granted" },
      read: { status: "granted" },
      push: { status: "granted" },
      delete: { status: "refused", missing: expect.stringMatching(/^ecr:BatchDeleteImage /) },
    });
  });
});
