import { describe, expect, it } from "vitest";
import type { Exchange } from "../../../contract-tests/fakes/ecr/actions.ts";
import { ask, documentedBeside } from "../../../contract-tests/fakes/documented.ts";
import { misfitsOf } from "../../../contract-tests/fakes/documented-shape.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { imageOf, indexOf } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { calls, openEcr } from "./harness.ts";

const documented = documentedBeside(import.meta.url);

describe("an answer of the documentation", () => {
  it("that describes images is read with tags, digests and times", async () => {
    await using opened = await openEcr({
      rules: [answers("DescribeImages", "describe-images.json")],
    });

    expect(await Array.fromAsync(opened.registry.listTags(opened.repository))).toEqual([
      {
        tag: "v1.13.6",
        digest: "sha256:4a1c6567c38904384ebc64e35b7eeddd8451110c299e3368d2210066487d97e5",
        pushedAt: 1_565_128_275_000,
      },
    ]);
  });

  it("that lists repositories names every one", async () => {
    await using opened = await openEcr({
      rules: [answers("DescribeRepositories", "describe-repositories.json")],
    });

    const found = await Array.fromAsync(opened.registry.listRepositories(""));

    expect(found.map(({ name }) => name)).toEqual(["ubuntu", "test"]);
  });

  it("that deletes a tag counts for that tag only", async () => {
    await using opened = await openEcr({
      rules: [answers("BatchDeleteImage", "batch-delete-image.json")],
    });
    opened.seed(imageOf(), ["precise", "trusty"]);
    const { registry, repository } = opened;

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["precise", "trusty"]));

    expect(outcomes).toMatchObject([
      { tag: "precise", status: "deleted" },
      { tag: "trusty", status: "failed" },
    ]);
  });

  it("that holds a token is the login of the registry", async () => {
    await using opened = await openEcr({
      rules: [answers("GetAuthorizationToken", "get-authorization-token.json")],
    });

    const { registry, repository } = opened;
    const found = registry.resolve({ ...repository, tag: "1.0" });

    await expect(found).rejects.toMatchObject({ code: "unauthorized" });
    expect(opened.contentRequests().length).toBeGreaterThan(0);
  });

  it("that has other images than the one asked for is no word of its absence", async () => {
    await using opened = await openEcr({
      rules: [
        answers("BatchGetImage", "batch-get-image.json"),
        answers("BatchDeleteImage", "batch-delete-image.json"),
      ],
    });
    const image = imageOf();
    opened.seed(image, ["precise"]);
    const { registry, repository } = opened;
    const tags = new Map([[image.digest, ["precise"]]]);

    const outcomes = await Array.fromAsync(
      registry.deleteManifests(repository, [image.digest], { tags }),
    );

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
  });

  it("that creates a repository lets the push go on", async () => {
    await using opened = await openEcr({
      options: { "create-repositories": "true" },
      rules: [
        {
          ...answers("CreateRepository", "create-repository.json"),
          before: () => void repositoryIn(opened.fake.state, "shop/new"),
        },
      ],
    });
    const { registry, repository } = opened;
    const fresh = { ...repository, name: "shop/new" };

    await registry.putBlob(fresh, { digest: BLOB.digest, size: BLOB.bytes.length }, bytesOfBlob());

    expect(opened.fake.state.repositories.get("shop/new")?.blobs.has(BLOB.digest)).toBe(true);
  });

  it("that names the registries of an account gives its repositories their addresses", async () => {
    await using opened = await openEcr({
      kind: "public",
      rules: [answers("DescribeRegistries", "public-describe-registries.json")],
    });
    const { registry } = opened;

    const found = await Array.fromAsync(registry.listRepositories("publicregistrycustomalias"));

    expect(found.map(({ name }) => name)).toEqual(["publicregistrycustomalias/shop"]);
  });

  it("that refuses is read by its name, without what stands before it", async () => {
    const rule = answers("DescribeImages", "error-same-protocol.json", 400);
    await using opened = await openEcr({ rules: [rule] });

    await expect(
      Array.fromAsync(opened.registry.listTags(opened.repository)),
    ).rejects.toMatchObject({
      code: "invalid",
      status: 400,
      registryCode: "ResourceNotFoundException",
      message: expect.stringContaining("Requested resource not found"),
    });
  });

  it("of the public service that deletes a tag counts for that tag only", async () => {
    await using opened = await openEcr({
      kind: "public",
      rules: [answers("BatchDeleteImage", "public-batch-delete-image.json")],
    });
    opened.seed(imageOf(), ["_temp", "other"]);
    const { registry, repository } = opened;

    expect(await Array.fromAsync(registry.deleteTags(repository, ["_temp"]))).toMatchObject([
      { tag: "_temp", status: "deleted" },
    ]);
  });
});

describe("the simulation", () => {
  it.each([
    ["DescribeImages", "describe-images.json"],
    ["DescribeRepositories", "describe-repositories.json"],
    ["BatchDeleteImage", "batch-delete-image.json"],
    ["CreateRepository", "create-repository.json"],
    ["GetAuthorizationToken", "get-authorization-token.json"],
  ])("answers %s as documented", async (action, file) => {
    const shown = documented(file).json;

    expect(misfitsOf(shown, await outputOf("private", action))).toEqual([]);
  });

  it.each([
    ["BatchDeleteImage", "public-batch-delete-image.json"],
    ["DescribeRegistries", "public-describe-registries.json"],
  ])("of the public service answers %s as documented", async (action, file) => {
    expect(misfitsOf(documented(file).json, await outputOf("public", action))).toEqual([]);
  });

  it("of the public service describes images as documented, but for how times are written", async () => {
    const fields = ["imageDigest", "imageTags", "imageManifestMediaType"];
    const shown = imagesRead("public-describe-images.json", "imageDetails", fields);

    expect(misfitsOf(shown, await outputOf("public", "DescribeImages"))).toEqual([]);
  });

  it("gets images as documented, except that the adapter asks for no tag", async () => {
    const fields = ["registryId", "repositoryName", "imageManifest"];
    const shown = imagesRead("batch-get-image.json", "images", fields);
    const output = await outputOf("private", "BatchGetImage");

    expect(misfitsOf(shown, output)).toEqual([]);
    expect(misfitsOf({ images: [{ imageId: { imageDigest: "" } }], failures: [] }, output)).toEqual(
      [],
    );
  });

  it("refuses with the documented members", async () => {
    await using opened = await openEcr();

    const { status, json } = await ask(`http://${opened.repository.host}/`, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.DescribeImages",
      },
      body: "{}",
    });

    expect(status).toBe(400);
    expect(misfitsOf(documented("error-same-protocol.json").json, json)).toEqual([]);
  });
});

function answers(action: string, file: string, status = 200): FaultRule {
  const response = documented(file).response(status);
  return { when: calls(action), fault: { kind: "answer", response } };
}

/** What the simulation answers to an action of the adapter, among everything that the adapter asks for. */
async function outputOf(kind: "private" | "public", action: string): Promise<unknown> {
  const exchanges: Exchange[] = [];
  const image = imageOf();
  const child = imageOf({ layers: ["child"] });
  let comesBack = (): void => undefined;
  await using opened = await openEcr({
    kind,
    options: { "create-repositories": "true" },
    onExchange: (exchange) => exchanges.push(exchange),
    rules: [{ when: calls("BatchGetImage"), before: () => comesBack() }],
  });
  const { registry, repository, seed } = opened;
  // Somebody pushes it again right after it went.
  comesBack = () => seed(image, ["again"]);
  seed(image, ["1.0", "latest"]);
  seed(indexOf([child]), ["index"]);
  await Array.fromAsync(registry.listTags(repository));
  await Array.fromAsync(registry.listRepositories(""));
  if (kind === "private") {
    const fresh = { host: repository.host, name: `${repository.name}/new` };
    await registry.putBlob(fresh, { digest: BLOB.digest, size: BLOB.bytes.length }, bytesOfBlob());
  }
  await Array.fromAsync(registry.deleteTags(repository, ["latest"]));
  const tags = new Map([[image.digest, ["1.0"]]]);
  await Array.fromAsync(registry.deleteManifests(repository, [image.digest], { tags }));
  const answered = exchanges.filter((exchange) => exchange.action === action);
  return answered.find(({ output }) => output !== undefined)?.output;
}

const [BLOB = expect.fail("an image has blobs")] = imageOf().blobs;

async function* bytesOfBlob(): AsyncGenerator<Uint8Array> {
  yield BLOB.bytes;
}

/** Of each image what the adapter reads. */
function imagesRead(file: string, list: string, fields: readonly string[]): unknown {
  const images = Object(documented(file).json)[list];
  return { [list]: images.map((image: object) => pick(image, fields)) };
}

function pick(value: object, fields: readonly string[]): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => fields.includes(key)));
}
