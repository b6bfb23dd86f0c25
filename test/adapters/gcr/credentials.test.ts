import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { openFixture } from "./fixture.ts";
import type { Fixture } from "./fixture.ts";

const HOUR_MS = 3_600_000;

async function fileOf(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tidemark-key-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, "key.json");
  await writeFile(path, text);
  return path;
}

async function read({ registry, repository, seed }: Fixture): Promise<unknown> {
  seed(imageOf(), ["1.0"]);
  return registry.resolve({ ...repository, tag: "1.0" });
}

describe("a key file", () => {
  it("signs for tokens, which are renewed before they run out", async () => {
    const fixture = await openFixture({
      options: async ({ oauth }, host) => ({ "gcr-key-file": await fileOf(oauth.keyFile(host)) }),
    });

    expect(await read(fixture)).toBeDefined();
    expect(await read(fixture)).toBeDefined();
    expect(fixture.fake.oauth.given()).toHaveLength(1);
    fixture.wait(HOUR_MS);
    expect(await read(fixture)).toBeDefined();

    expect(fixture.fake.oauth.given()).toHaveLength(2);
    const rights = await fixture.registry.checkRights(fixture.repository);
    expect(rights.identity).toBe("cleaner@my-project.iam.gserviceaccount.com");
  });

  it("of the environment serves Google's own hosts, and no other", async () => {
    const env: NonNullable<Parameters<typeof openFixture>[0]>["env"] = async ({ oauth }, host) => ({
      GOOGLE_APPLICATION_CREDENTIALS: await fileOf(oauth.keyFile(host)),
    });
    const own = await openFixture({ host: "us-docker.pkg.dev", env, options: async () => ({}) });
    const other = await openFixture({ env, options: async () => ({}) });
    own.seed(imageOf(), ["1.0"]);

    await own.registry.resolve({ ...own.repository, tag: "1.0" }).catch(() => undefined);
    await expect(read(other)).rejects.toMatchObject({ name: "RegistryError" });

    expect(own.fake.oauth.given()).toHaveLength(1);
    expect(other.fake.oauth.given()).toHaveLength(0);
  });

  it.each([
    ["that is not there", undefined, "cannot be read (ENOENT)"],
    ["that is not JSON", '"private_key": "secret-key', "service account"],
    ["of another kind", '{"type":"external_account","secret":"secret-key"}', "service account"],
    [
      "with a key that is none",
      '{"type":"service_account","client_email":"a@b.c","private_key":"secret-key"}',
      "private key",
    ],
    [
      "that would be sent in the clear",
      '{"type":"service_account","client_email":"a@b.c","private_key":"secret-key","token_uri":"http://evil.test/"}',
      "token_uri",
    ],
  ])("%s is refused in one line without its secret", async (_, text, words) => {
    const fixture = await openFixture({
      options: async () => ({
        "gcr-key-file": text === undefined ? "/nonexistent/key.json" : await fileOf(text),
      }),
    });

    const error: unknown = await read(fixture).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ name: "RegistryError", code: "unauthorized" });
    expect(String(error)).toContain(words);
    expect(String(error)).not.toContain("secret-key");
    expect(String(error)).not.toContain("\n");
  });

  it("whose signature is refused is told as that", async () => {
    const stranger = await openFixture();
    const fixture = await openFixture({
      options: async (_, host) => ({
        "gcr-key-file": await fileOf(stranger.fake.oauth.keyFile(host)),
      }),
    });

    await expect(read(fixture)).rejects.toThrow("invalid_grant");
  });
});

describe("the metadata server", () => {
  it("is asked when an option says so, once for each token", async () => {
    const fixture = await openFixture({
      options: async () => ({ "gcr-metadata": "true" }),
      env: async (_, host) => ({ GCE_METADATA_HOST: host }),
    });

    await Promise.all([read(fixture), read(fixture), read(fixture)]);
    fixture.wait(HOUR_MS);
    expect(await read(fixture)).toBeDefined();

    const asked = fixture.requests().filter((line) => line.includes("/computeMetadata/"));
    expect(asked).toHaveLength(2);
  });

  it("is not asked otherwise", async () => {
    const fixture = await openFixture({
      options: async () => ({}),
      env: async (_, host) => ({ GCE_METADATA_HOST: host }),
    });

    await expect(read(fixture)).rejects.toMatchObject({ name: "RegistryError" });
    expect(fixture.requests().filter((line) => line.includes("/computeMetadata/"))).toEqual([]);
  });
});

it("options that contradict each other are refused", async () => {
  const opened = openFixture({
    options: async () => ({ "gcr-access-token": "a", "gcr-metadata": "true" }),
  });

  await expect(opened).rejects.toThrow("exclude each other");
});
