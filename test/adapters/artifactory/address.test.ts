import { describe, expect, it } from "vitest";
import { findAddressing, nameOf, placeOf } from "../../../adapters/artifactory/address.ts";
import type { Greeting } from "../../../src/registry/adapter.ts";
import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { BY_PASSWORD, openArtifactory } from "./fixture.ts";

const NOBODY = { send: () => Promise.reject(new Error("nothing is asked")) };

function greeting(...challenges: readonly string[]): Greeting {
  return { protocol: "https:", status: 401, headers: {}, challenges };
}

const realm = (host: string, key: string): string =>
  `Bearer realm="https://${host}/artifactory/api/docker/${key}/v2/token",service="${host}"`;
const BASIC = 'Basic realm="Artifactory Realm"';

describe("where an image lies", () => {
  it.each<[string, string, string | undefined, string, { key: string; image: string }]>([
    [
      "repository path",
      "a.test",
      undefined,
      "docker/team/app",
      { key: "docker", image: "team/app" },
    ],
    ["repository path by realm", "a.test", "null", "docker/app", { key: "docker", image: "app" }],
    [
      "subdomain by realm",
      "docker.a.test",
      "docker",
      "team/app",
      { key: "docker", image: "team/app" },
    ],
    [
      "subdomain, image like the key",
      "docker.a.test",
      "docker",
      "docker/app",
      { key: "docker", image: "docker/app" },
    ],
    ["cloud by realm", "acme-x-docker.jfrog.io", "docker", "app", { key: "docker", image: "app" }],
    [
      "cloud by its name",
      "acme-docker.jfrog.io",
      undefined,
      "app",
      { key: "docker", image: "app" },
    ],
    [
      "cloud, repository path",
      "acme-x.jfrog.io",
      "null",
      "docker/app",
      { key: "docker", image: "app" },
    ],
    ["port by realm", "a.test:5001", "local", "app", { key: "local", image: "app" }],
  ])("%s", async (_, host, key, name, expected) => {
    const told = { host, greeting: greeting(key === undefined ? BASIC : realm(host, key)) };

    const addressing = await findAddressing(told, NOBODY, {});

    expect(placeOf(addressing, { host, name })).toEqual(expected);
  });

  it.each([
    ["null", "docker/team/app"],
    ["docker", "team/app"],
  ])("is told by a name again, realm %s", async (key, name) => {
    const told = { host: "a.test", greeting: greeting(realm("a.test", key)) };

    const addressing = await findAddressing(told, NOBODY, {});

    expect(nameOf(addressing, { key: "docker", image: "team/app" })).toBe(name);
  });

  it("is what the option says where the host says nothing", async () => {
    const host = "a.test:5001";

    const addressing = await findAddressing({ host, greeting: greeting(BASIC) }, NOBODY, {
      repositoryKey: "local",
    });

    expect(placeOf(addressing, { host, name: "team/app" })).toEqual({
      key: "local",
      image: "team/app",
    });
  });

  it("is refused where it could be read in two ways", async () => {
    const host = "a.test:5001";
    const addressing = await findAddressing({ host, greeting: greeting(BASIC) }, NOBODY, {
      repositoryKey: "local",
    });

    expect(() => placeOf(addressing, { host, name: "local/app" })).toThrow(/cannot tell what/);
  });

  it.each([
    ["a name of one component", {}, "null", "app", /cannot tell the repository/],
    [
      "an option that the host contradicts",
      { repositoryKey: "other" },
      "docker",
      "app",
      /artifactory-repository-key/,
    ],
  ])("is refused for %s", async (_, settings, key, name, message) => {
    const host = "a.test";
    const told = { host, greeting: greeting(realm(host, key)) };

    const place = findAddressing(told, NOBODY, settings).then((addressing) =>
      placeOf(addressing, { host, name }),
    );

    await expect(place).rejects.toMatchObject({ code: "invalid" });
    await expect(place).rejects.toThrow(message);
  });

  it("uses the context path of the realm, of the same host only", async () => {
    const told = (url: string): { host: string; greeting: Greeting } => ({
      host: "a.test",
      greeting: greeting(`Bearer realm="${url}/api/docker/null/v2/token"`),
    });

    const [own, foreign] = await Promise.all([
      findAddressing(told("https://a.test/repo"), NOBODY, {}),
      findAddressing(told("https://b.test/repo"), NOBODY, {}),
    ]);

    expect([own.contextPath, foreign.contextPath]).toEqual(["/repo", "/artifactory"]);
  });
});

describe("each form over the wire", () => {
  it.each<[string, Parameters<typeof openArtifactory>[0]]>([
    ["repository path, Bearer", {}],
    ["repository path, Basic", { challenge: "basic" }],
    ["repository in the host, Bearer", { boundKey: "docker-local", name: "shop" }],
    [
      "repository in the port, Basic",
      {
        boundKey: "docker-local",
        name: "shop",
        challenge: "basic",
        options: { ...BY_PASSWORD, "artifactory-repository-key": "docker-local" },
      },
    ],
  ])("%s lists, deletes and restores", async (_, setting) => {
    await using opened = await openArtifactory(setting);
    const { registry, repository, seed, warnings } = opened;
    const digest = seed(imageOf(), "1.0");
    seed(imageOf({ labels: { n: "kept" } }), "2.0");

    const before = await Array.fromAsync(registry.listTags(repository));
    const gone = await Array.fromAsync(registry.deleteManifests(repository, [digest]));
    const left = await Array.fromAsync(registry.listTags(repository));
    const back = await Array.fromAsync(registry.undelete(repository, [{ digest, tags: ["1.0"] }]));

    expect(before.map(({ tag }) => tag)).toEqual(["1.0", "2.0"]);
    expect(gone).toEqual([{ digest, status: "deleted" }]);
    expect(left.map(({ tag }) => tag)).toEqual(["2.0"]);
    expect(back).toEqual([{ digest, status: "restored" }]);
    expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(digest);
    expect(warnings).toEqual([]);
  });
});
