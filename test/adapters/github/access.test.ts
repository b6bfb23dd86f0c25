import { describe, expect, it } from "vitest";
import { createFakeGithub, TOKEN } from "../../../contract-tests/fakes/github/registry.ts";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { openOver } from "./in-process.ts";
import type { OpenOptions } from "./in-process.ts";

const NAME = "acme/shop/api";

describe("the token", () => {
  it.each<[string, OpenOptions]>([
    ["of the option", { options: { "github-token": TOKEN } }],
    [
      "of docker's configuration",
      {
        options: {},
        credentials: {
          find: async () => ({ kind: "password", username: "token", password: TOKEN }),
        },
      },
    ],
    ["of a workflow", { options: {}, env: { GITHUB_TOKEN: TOKEN } }],
    [
      "of a workflow that names its server",
      { options: {}, env: { GITHUB_TOKEN: TOKEN, GITHUB_API_URL: "https://api.github.com" } },
    ],
  ])("%s serves the API and the registry", async (_, options) => {
    const { registry, http } = await openOver(seeded(), options);

    const tags = await Array.fromAsync(registry.listTags({ host: "ghcr.io", name: NAME }));
    const found = await registry.resolve({ host: "ghcr.io", name: NAME, tag: "1.0" });

    expect(tags).toMatchObject([{ tag: "1.0", digest: imageOf().digest }]);
    expect(found?.digest).toBe(imageOf().digest);
    expect(http.sent[0]?.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it("of a workflow never goes to a server that is not the workflow's", async () => {
    const host = "containers.git.example.org";
    const env = { GITHUB_TOKEN: TOKEN, GITHUB_API_URL: "https://api.github.com" };
    const { registry, http } = await openOver(seeded(), { host, options: {}, env });

    await Array.fromAsync(registry.listTags({ host, name: NAME })).catch(() => undefined);

    expect(http.sent.length).toBeGreaterThan(0);
    const basic = Buffer.from(`token:${TOKEN}`).toString("base64");
    const shown = http.sent.map(({ authorization = "" }) => authorization).join(" ");
    expect(shown).not.toContain(TOKEN);
    expect(shown).not.toContain(basic);
  });

  it("goes to the server that the workflow names", async () => {
    const host = "containers.git.example.org";
    const env = { GITHUB_TOKEN: TOKEN, GITHUB_API_URL: "https://git.example.org/api/v3" };
    const { registry, http } = await openOver(seeded(), { host, options: {}, env });

    await Array.fromAsync(registry.listTags({ host, name: NAME }));

    expect(http.sent[0]).toMatchObject({
      url: "https://git.example.org/api/v3/orgs/acme/packages/container/shop%2Fapi",
      authorization: `Bearer ${TOKEN}`,
    });
  });

  it("is missed once, in words, and tags are then refused by the registry, not guessed", async () => {
    const { registry, warnings } = await openOver(seeded(), { options: {} });
    const listing = (): Promise<unknown> =>
      Array.fromAsync(registry.listTags({ host: "ghcr.io", name: NAME }));

    await expect(listing()).rejects.toMatchObject({ code: "denied" });
    await expect(listing()).rejects.toMatchObject({ code: "denied" });

    expect(warnings).toEqual([
      "ghcr.io: without a token, tags are listed by name only; give one with --repo-github-token",
    ]);
  });
});

describe("a package's address", () => {
  it("has the slashes of its name encoded, below its organisation", async () => {
    const { registry, http } = await openOver(seeded());

    await Array.fromAsync(registry.listTags({ host: "ghcr.io", name: NAME }));

    expect(http.sent.map(({ url }) => url)).toEqual([
      "https://api.github.com/orgs/acme/packages/container/shop%2Fapi",
      "https://api.github.com/orgs/acme/packages/container/shop%2Fapi/versions?per_page=100&page=1&state=active",
    ]);
  });

  it.each([
    ["ann", "https://api.github.com/user/packages/"],
    ["bob", "https://api.github.com/users/bob/packages/"],
  ])("of a person, %s, begins with %s", async (owner, beginning) => {
    const fake = createFakeGithub({ accounts: { bob: "User" } });
    seedContent(repositoryIn(fake.state, `${owner}/shop`), imageOf(), ["1.0"]);
    const { registry, http } = await openOver(fake);

    const tags = await Array.fromAsync(
      registry.listTags({ host: "ghcr.io", name: `${owner}/shop` }),
    );

    expect(tags).toHaveLength(1);
    expect(http.sent.at(-1)?.url.startsWith(beginning)).toBe(true);
  });

  it("of docker.pkg.github.com is that of a container, else of a docker image", async () => {
    const host = "docker.pkg.github.com";
    const fake = createFakeGithub({ types: { "acme/shop/old": "docker" } });
    for (const name of ["acme/shop/old", NAME]) {
      seedContent(repositoryIn(fake.state, name), imageOf(), ["1.0"]);
    }
    const { registry } = await openOver(fake, { host });

    const moved = await Array.fromAsync(registry.listTags({ host, name: NAME }));
    const old = await Array.fromAsync(registry.listTags({ host, name: "acme/shop/old" }));

    expect([moved, old]).toMatchObject([[{ tag: "1.0" }], [{ tag: "1.0" }]]);
    expect(registry.capabilities.nestedRepositories).toBe(false);
  });
});

function seeded(): ReturnType<typeof createFakeGithub> {
  const fake = createFakeGithub();
  seedContent(repositoryIn(fake.state, NAME), imageOf(), ["1.0"]);
  return fake;
}
