import { describe, expect, it } from "vitest";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { AWS_USER } from "../../../contract-tests/fakes/ecr/users.ts";
import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { calls, openEcr } from "./harness.ts";

const READER = { accessKeyId: "AKIAREADER", secretAccessKey: "reader" };
const AS_READER = { AWS_ACCESS_KEY_ID: "AKIAREADER", AWS_SECRET_ACCESS_KEY: "reader" };

describe("a listing", () => {
  it("falls back to names where the API is not granted, and says so", async () => {
    await using opened = await openEcr({
      users: [{ ...READER, denied: ["DescribeImages"] }],
      env: AS_READER,
    });
    opened.seed(imageOf(), ["1.0"]);

    const entries = await Array.fromAsync(opened.registry.listTags(opened.repository));

    expect(entries).toEqual([{ tag: "1.0" }]);
    expect(opened.warnings).toHaveLength(1);
    expect(opened.warnings[0]).toContain("ecr:DescribeImages");
  });

  it("does not fall back in the middle", async () => {
    let pages = 0;
    const second: FaultRule = {
      when: (request, at) => calls("DescribeImages")(request, at) && ++pages > 1,
      fault: { kind: "status", status: 403 },
    };
    await using opened = await openEcr({ pageSize: 2, rules: [second] });
    opened.seed(imageOf(), ["1", "2", "3"]);

    const listed = Array.fromAsync(opened.registry.listTags(opened.repository));

    await expect(listed).rejects.toMatchObject({ code: "denied" });
  });

  it("leaves images without tags out", async () => {
    await using opened = await openEcr();
    opened.seed(imageOf(), ["1.0"]);
    opened.seed(imageOf({ layers: ["untagged"] }));

    const entries = await Array.fromAsync(opened.registry.listTags(opened.repository));

    expect(entries.map(({ tag }) => tag)).toEqual(["1.0"]);
  });
});

describe("an archived image", () => {
  const archived = imageOf({ layers: ["archived"] });

  it("is listed by its tags, without a digest as nobody can read it", async () => {
    await using opened = await openEcr();
    opened.seed(imageOf(), ["1.0"]);
    opened.seed(archived, ["record", "old"]);
    opened.fake.archive(archived.digest);

    const entries = await Array.fromAsync(opened.registry.listTags(opened.repository));

    const readable = entries.map(({ tag, digest }) => [tag, digest !== undefined]);
    expect(Object.fromEntries(readable)).toEqual({ "1.0": true, record: false, old: false });
  });

  it("is not told as deleted while the API has it", async () => {
    await using opened = await openEcr();
    opened.seed(archived, ["old", "new"]);
    opened.fake.archive(archived.digest);
    const tags = new Map([[archived.digest, ["old"]]]);

    const outcomes = await Array.fromAsync(
      opened.registry.deleteManifests(opened.repository, [archived.digest], { tags }),
    );

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
    expect(opened.tags()).toEqual(["new", "old"]);
  });
});

describe("a repository that is asked for", () => {
  it("is made once, and stays as it is", async () => {
    await using opened = await openEcr();
    const repository = { ...opened.repository, name: "team/new" };

    await Promise.all([1, 2].map(() => opened.registry.createRepository(repository)));
    await opened.registry.createRepository(opened.repository);

    expect([...opened.fake.state.repositories.keys()].toSorted()).toEqual(["shop", "team/new"]);
    expect(opened.fake.actions()["CreateRepository"]).toBe(2);
  });

  it("is refused in one line to whoever may not make it", async () => {
    await using opened = await openEcr({
      users: [{ ...AWS_USER, denied: ["CreateRepository"] }],
    });
    const repository = { ...opened.repository, name: "new" };

    const made = opened.registry.createRepository(repository);

    await expect(made).rejects.toMatchObject({
      code: "denied",
      message: expect.stringMatching(/^[^\n]*cannot create [^\n]*\/new: denied[^\n]*$/),
    });
    expect(opened.fake.state.repositories.has("new")).toBe(false);
  });
});

describe("a push", () => {
  const blob = imageOf().blobs[0];

  it("says that a repository has to be made", async () => {
    await using opened = await openEcr();

    const pushed = opened.registry.putBlob({ ...opened.repository, name: "new" }, ...blobOf());

    await expect(pushed).rejects.toMatchObject({
      code: "not-found",
      hint: expect.stringContaining("create-repositories"),
    });
    expect(opened.fake.state.repositories.has("new")).toBe(false);
  });

  it("makes it once where that was asked for", async () => {
    await using opened = await openEcr({ options: { "create-repositories": "true" } });
    const repository = { ...opened.repository, name: "new" };

    await opened.registry.putBlob(repository, ...blobOf());
    await opened.registry.putBlob(repository, ...blobOf());

    expect(await opened.registry.hasBlob(repository, blobOf()[0].digest)).toBe(true);
    expect(opened.fake.actions()["CreateRepository"]).toBe(1);
  });

  it("is a conflict where the tag is immutable", async () => {
    await using opened = await openEcr({ immutableTags: true });
    opened.seed(imageOf(), ["1.0"]);
    const moved = imageOf({ labels: { version: "2" } });
    opened.seed(moved);

    const put = opened.registry.putManifest({ ...opened.repository, tag: "1.0" }, moved);

    await expect(put).rejects.toMatchObject({ code: "conflict", registryCode: "TAG_INVALID" });
  });

  function blobOf(): [{ digest: `sha256:${string}`; size: number }, AsyncIterable<Uint8Array>] {
    if (blob === undefined || !blob.digest.startsWith("sha256:")) throw new Error("no blob");
    const { bytes } = blob;
    const content = (async function* () {
      yield bytes;
    })();
    return [
      { digest: `sha256:${blob.digest.slice("sha256:".length)}`, size: bytes.length },
      content,
    ];
  }
});

describe("ECR Public", () => {
  it("lists, untags and deletes below its alias", async () => {
    await using opened = await openEcr({ kind: "public" });
    const { registry, repository } = opened;
    const gone = imageOf({ layers: ["gone"] });
    opened.seed(imageOf(), ["1.0", "latest"]);
    opened.seed(gone, ["2.0"]);

    const entries = await Array.fromAsync(registry.listTags(repository));
    const untagged = await Array.fromAsync(registry.deleteTags(repository, ["latest"]));
    const deleted = await Array.fromAsync(
      registry.deleteManifests(repository, [gone.digest], {
        tags: new Map([[gone.digest, ["2.0"]]]),
      }),
    );
    const names = await Array.fromAsync(registry.listRepositories("tidemark"));

    expect(entries.map(({ tag }) => tag).toSorted()).toEqual(["1.0", "2.0", "latest"]);
    expect([...untagged, ...deleted].map(({ status }) => status)).toEqual(["deleted", "deleted"]);
    expect(opened.tags()).toEqual(["1.0"]);
    expect(names.map(({ name }) => name)).toEqual([repository.name]);
  });

  it("never takes another's alias for the caller's own registry", async () => {
    await using opened = await openEcr({ kind: "public" });
    opened.seed(imageOf(), ["1.0", "latest"]);
    const other = { ...opened.repository, name: "somebody/shop" };

    const outcomes = await Array.fromAsync(opened.registry.deleteTags(other, ["latest"]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "denied" } }]);
    expect(opened.tags()).toEqual(["1.0", "latest"]);
  });

  it("is read without credentials", async () => {
    await using opened = await openEcr({
      kind: "public",
      env: { AWS_ACCESS_KEY_ID: "AKIANOBODY", AWS_SECRET_ACCESS_KEY: "nobody" },
    });
    opened.seed(imageOf(), ["1.0"]);
    const { registry, repository } = opened;

    const found = await registry.resolve({ ...repository, tag: "1.0" });

    expect(found?.digest).toBe(imageOf().digest);
  });
});

describe("an option", () => {
  it.each([
    [{ "ecr-account": "12" }, "twelve digits"],
    [{ "ecr-account": "" }, "twelve digits"],
    [{ "ecr-region": "EU West" }, "ecr-region"],
    [{ "ecr-api-url": "not a url" }, "ecr-api-url is not a URL"],
    [{ "ecr-api-url": "http://api.test" }, "ecr-api-url is not an https: address"],
  ])("%j is refused", async (options, why) => {
    const opened = openEcr({ options });

    await expect(opened).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringContaining(why),
    });
  });
});
