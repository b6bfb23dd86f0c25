import { describe, expect, it } from "vitest";
import { createFakeGithub, TOKEN } from "../../../contract-tests/fakes/github/registry.ts";
import type { GithubTraits } from "../../../contract-tests/fakes/github/registry.ts";
import { withFaults } from "../../../contract-tests/fakes/faults.ts";
import type { Fault, FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { answerJson } from "../../../contract-tests/fakes/message.ts";
import type { FakeRequest } from "../../../contract-tests/fakes/message.ts";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import { openOver } from "./in-process.ts";
import type { Opened } from "./in-process.ts";

const REPOSITORY = { host: "ghcr.io", name: "acme/shop" };

describe("a listing", () => {
  it("of 10 000 tags takes a hundred pages and two requests besides", async () => {
    const { list, http, repository } = await open();
    seedMany(repository, 10_000);

    const tags = await list();

    expect(new Set(tags).size).toBe(10_000);
    expect(http.sent).toHaveLength(102);
  });

  it.each<[string, (repository: RepositoryState) => void, number]>([
    ["a push", (repository) => seedMany(repository, 1, "new"), 251],
    [
      "a tag that moves within the package",
      (repository) => void repository.tags.set("t5", digestOf(repository, "t249")),
      250,
    ],
    [
      "a deletion on a page that was read",
      (repository) => {
        repository.manifests.delete(digestOf(repository, "t249"));
        repository.tags.delete("t249");
      },
      249,
    ],
  ])("misses nothing when %s shifts its pages", async (_, change, count) => {
    const { list, repository } = await open({}, [
      { when: isPage("2"), times: 1, before: () => change(repository) },
    ]);
    seedMany(repository, 250);

    const tags = await list();

    expect(new Set(tags)).toEqual(new Set(repository.tags.keys()));
    expect(tags).toHaveLength(count);
  });

  it.each<[string, Fault]>([
    ["is full, and its link is lost", { kind: "lost-link" }],
    ["leads to itself", { kind: "repeated-page" }],
    ["breaks off in its JSON", { kind: "broken-json" }],
    ["is a proxy's", { kind: "html", status: 200 }],
    ["is a proxy's 404", { kind: "html", status: 404 }],
  ])("rejects when a page %s", async (_, fault) => {
    const { list, repository } = await open({}, [{ when: isPage("1"), fault }]);
    seedMany(repository, 250);

    await expect(list()).rejects.toMatchObject({ code: "protocol" });
  });

  it("rejects when the list changes faster than it can be read", async () => {
    let pushes = 0;
    const { list, repository } = await open({}, [
      { when: isPage("2"), before: () => seedMany(repository, 1, `new${pushes++}-`) },
    ]);
    seedMany(repository, 250);

    await expect(list()).rejects.toMatchObject({ code: "protocol" });
  });

  it("waits out a secondary limit that names no time", async () => {
    const fake = createFakeGithub();
    seedMany(repositoryIn(fake.state, REPOSITORY.name), 1);
    let refusals = 2;
    const message = "You have exceeded a secondary rate limit.";
    const { registry, clock } = await openOver({
      handle: async (request) =>
        refusals-- > 0 ? answerJson(403, { message }) : fake.handle(request),
    });
    const startedAt = clock.now().getTime();

    const tags = await Array.fromAsync(registry.listTags(REPOSITORY));

    expect(tags).toHaveLength(1);
    expect(clock.now().getTime() - startedAt).toBe(180_000);
  });

  it("is denied, not empty, where the API hides what the registry has", async () => {
    const fake = createFakeGithub({ types: { "acme/shop": "docker" } });
    seedContent(repositoryIn(fake.state, "acme/shop"), imageOf(), ["1.0"]);
    const { registry } = await openOver(fake);

    const listing = Array.fromAsync(registry.listTags(REPOSITORY));

    await expect(listing).rejects.toMatchObject({ code: "denied", status: 404 });
  });
});

describe("the repositories of an owner", () => {
  it("are its packages, those below a name only when one is given", async () => {
    const fake = createFakeGithub({ maxPage: 2 });
    for (const name of ["acme/shop", "acme/shop/api", "acme/shopping", "acme/docs", "ann/own"]) {
      seedContent(repositoryIn(fake.state, name), imageOf(), ["1.0"]);
    }
    const { registry } = await openOver(fake);
    const below = async (namespace: string): Promise<string[]> =>
      (await Array.fromAsync(registry.listRepositories(namespace))).map(({ name }) => name);

    expect(await below("acme")).toEqual([
      "acme/shop",
      "acme/shop/api",
      "acme/shopping",
      "acme/docs",
    ]);
    expect(await below("acme/shop")).toEqual(["acme/shop", "acme/shop/api"]);
    expect(await below("ann")).toEqual(["ann/own"]);
    await expect(below("")).rejects.toMatchObject({ code: "invalid" });
  });

  it("are denied to a workflow's token", async () => {
    const fake = createFakeGithub({ tokens: [{ token: "ghs_workflow" }] });
    const { registry } = await openOver(fake, { options: { "github-token": "ghs_workflow" } });

    const listing = Array.fromAsync(registry.listRepositories("acme"));

    await expect(listing).rejects.toMatchObject({ code: "denied" });
  });
});

describe("rights", () => {
  const scopes = ["read:packages", "write:packages", "delete:packages"];

  it.each<[string, string, GithubTraits["tokens"], object]>([
    [
      "a person's own package",
      "ann/shop",
      [{ token: TOKEN, login: "ann", scopes }],
      { identity: "ann", list: { status: "granted" }, delete: { status: "granted" } },
    ],
    [
      "an organisation's package",
      "acme/shop",
      [{ token: TOKEN, login: "ann", scopes }],
      { identity: "ann", delete: { status: "unknown" } },
    ],
    [
      "a token without the scope",
      "acme/shop",
      [{ token: TOKEN, login: "ann", scopes: ["read:packages"] }],
      { delete: { status: "refused", missing: "delete:packages" } },
    ],
    ["a workflow's token", "acme/shop", [{ token: TOKEN }], { delete: { status: "unknown" } }],
  ])("of %s", async (_, name, tokens = [], expected) => {
    const fake = createFakeGithub({ tokens });
    const repository = repositoryIn(fake.state, name);
    seedContent(repository, imageOf(), ["1.0"]);
    const { registry } = await openOver(fake);

    const rights = await registry.checkRights({ host: "ghcr.io", name });

    expect(rights).toMatchObject({ ...expected, push: { status: "granted" } });
    expect([...repository.tags.keys()]).toEqual(["1.0"]);
  });
});

interface World extends Opened {
  readonly repository: RepositoryState;
  readonly list: () => Promise<string[]>;
}

async function open(traits: GithubTraits = {}, rules: readonly FaultRule[] = []): Promise<World> {
  const fake = createFakeGithub(traits);
  const opened = await openOver(withFaults(fake, ...rules));
  return {
    ...opened,
    repository: repositoryIn(fake.state, REPOSITORY.name),
    list: async () =>
      (await Array.fromAsync(opened.registry.listTags(REPOSITORY))).map(({ tag }) => tag),
  };
}

function isPage(number: string): NonNullable<FaultRule["when"]> {
  return ({ path, query }: FakeRequest) =>
    path.endsWith("/versions") && query.get("page") === number;
}

function seedMany(repository: RepositoryState, count: number, prefix = "t"): void {
  for (let n = 0; n < count; n += 1) {
    seedContent(repository, imageOf({ labels: { n: `${prefix}${n}` } }), [`${prefix}${n}`]);
  }
}

function digestOf({ tags }: RepositoryState, tag: string): ReturnType<typeof imageOf>["digest"] {
  const digest = tags.get(tag);
  if (digest === undefined) throw new Error(`no tag ${tag}`);
  return digest;
}
