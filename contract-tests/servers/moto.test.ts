import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateRepositoryCommand, ECRClient, PutImageCommand } from "@aws-sdk/client-ecr";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRegistry } from "../../adapters/ecr/adapter.ts";
import { openHttpClient } from "../../src/http/open-client.ts";
import { isDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { createFakeRegistry } from "../fakes/distribution.ts";
import type { ListeningRegistry } from "../fakes/distribution.ts";
import { imageOf, seedContent } from "../fakes/seed.ts";
import { repositoryIn } from "../fakes/state.ts";
import type { SeedContent } from "../fakes/seed.ts";
import { ABSENT } from "../suite/harness.ts";
import { MOTO_ACCOUNT, startMoto } from "./moto.ts";
import type { Moto } from "./moto.ts";
import { PEERS, findPeer, peersAreRequired } from "./peers.ts";

const isReady = findPeer("moto") !== undefined;
const REGION = "eu-central-1";
const KEYS = { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };
const ROLE = `arn:aws:iam::${MOTO_ACCOUNT}:role/cleaner`;

describe("ecr on moto", () => {
  it.skipIf(!isReady && !peersAreRequired())(`${PEERS.moto} is installed`, () => {
    expect(isReady).toBe(true);
  });
});

describe.runIf(isReady)("ecr on moto, its API", () => {
  let moto: Moto;
  let sdk: ECRClient;
  let repositories = 0;

  beforeAll(async () => {
    moto = await startMoto();
    sdk = new ECRClient({
      endpoint: moto.url,
      region: REGION,
      credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" },
    });
  }, 30_000);
  afterAll(() => moto[Symbol.asyncDispose]());

  it("lists tags with digest, media type and time", async () => {
    await using opened = await open();
    const digest = await seed(opened, imageOf(), ["1.0", "latest"]);

    const entries = await Array.fromAsync(opened.registry.listTags(opened.repository));

    const { mediaType } = imageOf();
    const pushedAt = expect.any(Number);
    expect(entries.toSorted((a, b) => (a.tag < b.tag ? -1 : 1))).toEqual([
      { tag: "1.0", digest, mediaType, pushedAt },
      { tag: "latest", digest, mediaType, pushedAt },
    ]);
  });

  it("takes a repository it does not know for one without tags", async () => {
    await using opened = await open();

    const entries = await Array.fromAsync(
      opened.registry.listTags({ ...opened.repository, name: "nobody/has/this" }),
    );

    expect(entries).toEqual([]);
  });

  it("removes one tag; the image and its sibling stay", async () => {
    await using opened = await open();
    await seed(opened, imageOf(), ["1.0", "latest"]);

    const outcomes = await Array.fromAsync(
      opened.registry.deleteTags(opened.repository, ["latest", "absent"]),
    );

    expect(outcomes).toEqual([
      { tag: "latest", status: "deleted" },
      { tag: "absent", status: "deleted" },
    ]);
    expect(await tagsOf(opened)).toEqual(["1.0"]);
  });

  it("removes an image by the tags that are known", async () => {
    await using opened = await open();
    await seed(opened, imageOf(), ["kept"]);
    const digest = await seed(opened, imageOf({ layers: ["gone"] }), ["1.0", "1.1"]);

    const outcomes = await Array.fromAsync(
      opened.registry.deleteManifests(opened.repository, [digest, ABSENT], {
        tags: new Map([[digest, ["1.0", "1.1"]]]),
      }),
    );

    expect(outcomes).toEqual([
      { digest, status: "deleted" },
      { digest: ABSENT, status: "deleted" },
    ]);
    expect(await tagsOf(opened)).toEqual(["kept"]);
  });

  it("keeps an image, with all its tags, that has a tag nobody knew of", async () => {
    await using opened = await open();
    const digest = await seed(opened, imageOf(), ["1.0", "new"]);

    const outcomes = await Array.fromAsync(
      opened.registry.deleteManifests(opened.repository, [digest], {
        tags: new Map([[digest, ["1.0"]]]),
      }),
    );

    expect(outcomes).toMatchObject([{ digest, status: "failed", error: { code: "conflict" } }]);
    expect(await tagsOf(opened)).toEqual(["1.0", "new"]);
  });

  it("lists repositories below a namespace", async () => {
    await using opened = await open();

    const found = await Array.fromAsync(opened.registry.listRepositories("moto"));

    expect(found.map(({ name }) => name)).toContain(opened.repository.name);
    expect(await Array.fromAsync(opened.registry.listRepositories("mot"))).toEqual([]);
  });

  it("copies an image to another repository, its blobs by mounts", async () => {
    await using opened = await open();
    const image = imageOf({ layers: ["one", "two"] });
    const { registry, repository, content } = opened;
    const { digest } = image;
    seedContent(repositoryIn(content.state, repository.name), image);
    await putImage(opened, image, { imageTag: "1.0", imageDigest: digest });
    const target = { ...repository, name: `${repository.name}-copy` };
    await sdk.send(new CreateRepositoryCommand({ repositoryName: target.name }));

    const copy = (): Promise<string> =>
      registry.copyFrom(target, { ...repository, digest }, { tags: ["1.0", "latest"] });
    const outcomes = [await copy(), await copy()];

    expect(outcomes).toEqual(["copied", "copied"]);
    const entries = await Array.fromAsync(registry.listTags(target));
    expect(entries.map((entry) => `${entry.tag} ${entry.digest}`).toSorted()).toEqual([
      `1.0 ${digest}`,
      `latest ${digest}`,
    ]);
    expect([...(content.state.repositories.get(target.name)?.blobs.keys() ?? [])]).toEqual(
      image.blobs.map((blob) => blob.digest),
    );
  });

  it("gets a token that lets into the content", async () => {
    const password = `${MOTO_ACCOUNT}-auth-token`;
    const content = createFakeRegistry({
      auth: { kind: "basic", users: [{ username: "AWS", password }] },
    });
    await using opened = await open({ content: await content.listen() });

    const found = await opened.registry.resolve({ ...opened.repository, tag: "1.0" });

    expect(found).toBeUndefined();
    expect(opened.content.requests().map(({ status }) => status)).toContain(404);
  });

  it.each([
    ["an assumed role of a profile", { AWS_PROFILE: "cleaner" }],
    ["a web identity", { AWS_ROLE_ARN: ROLE, AWS_ROLE_SESSION_NAME: "tidemark" }],
  ])("takes %s", async (_, more) => {
    const folder = await mkdtemp(join(tmpdir(), "tidemark-aws-"));
    const files = await writeConfig(folder);
    const env = { ...more, ...files, AWS_ENDPOINT_URL: moto.url };
    await using opened = await open({ env });
    await seed(opened, imageOf(), ["1.0"]);

    const tags = await tagsOf(opened);

    expect(tags).toEqual(["1.0"]);
    await rm(folder, { recursive: true });
  });

  interface Opened extends AsyncDisposable {
    readonly registry: Registry;
    readonly repository: Repository;
    readonly content: ListeningRegistry;
  }

  /** `/v2/` is a fake's, empty unless told otherwise: moto has none. */
  async function open(
    given: {
      readonly content?: ListeningRegistry;
      readonly env?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<Opened> {
    const content = given.content ?? (await createFakeRegistry().listen());
    const http = openHttpClient({ userAgent: "tidemark-contract" });
    const registry = await openRegistry({
      host: content.host,
      http,
      credentials: { find: async () => undefined },
      options: {
        "ecr-account": MOTO_ACCOUNT,
        "ecr-region": REGION,
        "ecr-api-url": moto.url,
      },
      env: given.env ?? KEYS,
      now: () => new Date(),
      sleep: async () => undefined,
      warn: (message) => expect.fail(message),
    });
    const name = `moto/repository-${(repositories += 1)}`;
    await sdk.send(new CreateRepositoryCommand({ repositoryName: name }));
    return {
      registry,
      repository: { host: content.host, name },
      content,
      async [Symbol.asyncDispose]() {
        await http[Symbol.asyncDispose]();
        await content.close();
      },
    };
  }

  /** Answers with the digest that moto makes up of the layers: it does not hash the bytes. */
  async function seed(
    opened: Opened,
    content: SeedContent,
    tags: readonly string[],
  ): Promise<Digest> {
    const digests = new Set<string>();
    for (const imageTag of tags) digests.add(await putImage(opened, content, { imageTag }));
    const [digest = ""] = digests;
    if (!isDigest(digest) || digests.size > 1) throw new Error("moto stored more than one image");
    return digest;
  }

  async function putImage(
    { repository }: Opened,
    { bytes, mediaType }: SeedContent,
    id: { readonly imageTag: string; readonly imageDigest?: Digest },
  ): Promise<string> {
    const { image } = await sdk.send(
      new PutImageCommand({
        repositoryName: repository.name,
        imageManifest: new TextDecoder().decode(bytes),
        imageManifestMediaType: mediaType,
        ...id,
      }),
    );
    return image?.imageId?.imageDigest ?? "";
  }

  async function tagsOf({ registry, repository }: Opened): Promise<string[]> {
    const entries = await Array.fromAsync(registry.listTags(repository));
    return entries.map(({ tag }) => tag).toSorted();
  }
});

/** The environment that names the files. */
async function writeConfig(folder: string): Promise<Readonly<Record<string, string>>> {
  const config = join(folder, "config");
  const credentials = join(folder, "credentials");
  const token = join(folder, "token");
  await writeFile(config, `[profile cleaner]\nrole_arn = ${ROLE}\nsource_profile = bot\n`);
  await writeFile(
    credentials,
    "[bot]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n",
  );
  await writeFile(token, "a.web.identity");
  return {
    AWS_CONFIG_FILE: config,
    AWS_SHARED_CREDENTIALS_FILE: credentials,
    AWS_WEB_IDENTITY_TOKEN_FILE: token,
  };
}
