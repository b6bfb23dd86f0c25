import { describe, expect, it } from "vitest";
import { dockerRegistry2, zotLike } from "../../contract-tests/fakes/personality.ts";
import { answerJson, answer, problem } from "../../contract-tests/fakes/message.ts";
import type { FakeResponse } from "../../contract-tests/fakes/message.ts";
import { listen } from "../../contract-tests/fakes/serve.ts";
import { imageOf, seedContent } from "../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../contract-tests/fakes/state.ts";
import type { Fault, FaultRule } from "../../contract-tests/fakes/faults.ts";
import { openDistribution } from "../../src/distribution/open-distribution.ts";
import { capabilities } from "../../adapters/default/capabilities.ts";
import { openHttpClient } from "../../src/http/open-client.ts";
import { openHarness } from "./harness.ts";
import type { Harness } from "./harness.ts";
import { onTestFinished } from "vitest";

const NAMES = Array.from({ length: 25 }, (_, at) => `tag-${String(at).padStart(4, "0")}`);

describe("listTags", () => {
  it.each([
    ["relative links", { maxPage: 10 }],
    ["absolute links", { maxPage: 10, linkStyle: "absolute" }],
    ["links without brackets", { maxPage: 10, linkStyle: "no-brackets" }],
    ["links without the whole path", { maxPage: 10, linkStyle: "broken-prefix" }],
    ["a server that pages by itself", { pageSize: 7, maxPage: 7 }],
    ["docker-registry 2.8", dockerRegistry2],
    ["zot", { ...zotLike, maxPage: 5 }],
    ["tags in reverse", { maxPage: 10, tagOrder: "reverse" }],
  ] as const)("yields every tag once: %s", async (_, fake) => {
    const harness = await openHarness({ fake });
    seedTags(harness, NAMES);

    expect((await list(harness)).sort()).toEqual(NAMES);
  });

  it("asks for one page when one is enough", async () => {
    const harness = await openHarness();
    seedTags(harness, NAMES);

    await list(harness);

    expect(harness.log()).toEqual(["GET 200"]);
  });

  it.each([
    ["an unknown repository", {}, false],
    ["a repository without tags", {}, true],
    ["a repository whose tags are null", { tagsNull: true }, true],
  ])("finds no tags in %s", async (_, fake, isThere) => {
    const harness = await openHarness({ fake });
    if (isThere) seedTags(harness, []);

    expect(await list(harness)).toEqual([]);
  });

  it.each([
    ["a next link was lost", { kind: "lost-link" }, "the listing is cut"],
    ["a page leads back to itself", { kind: "repeated-page" }, "circle|repeats"],
    ["the answer is not JSON", { kind: "broken-json" }, "not JSON"],
    ["a page is HTML", { kind: "html", status: 200 }, "not JSON"],
    ["a later page knows no such repository", unknown("NAME_UNKNOWN"), "gone half-way"],
    ["a later page finds nothing", unknown("NOT_FOUND"), "gone half-way"],
  ] as const)("rejects when %s", async (_, fault, why) => {
    const rule: FaultRule = { when: (_, index) => index === 1, fault };
    const harness = await openHarness({ fake: { maxPage: 1000 }, faults: [rule] });
    seedTags(harness, manyNames(2500));

    const listing = list(harness);

    await expect(listing).rejects.toMatchObject({
      code: "protocol",
      message: expect.stringMatching(why),
    });
  });

  it("takes a full page for the whole list when nothing follows it", async () => {
    const harness = await openHarness({ fake: { maxPage: 5000 } });
    seedTags(harness, manyNames(1000));

    expect(await list(harness)).toHaveLength(1000);
    expect(harness.log()).toEqual(["GET 200", "GET 200"]);
  });

  it("takes a full page for the whole list when the server sends that again", async () => {
    const harness = await openHarness({ fake: dockerRegistry2 });
    seedTags(harness, manyNames(1000));

    expect(await list(harness)).toHaveLength(1000);
  });

  it("notices a page that is shorter than asked for and has no link", async () => {
    const lostLink: FaultRule = { when: (_, index) => index === 0, fault: { kind: "lost-link" } };
    const harness = await openHarness({ fake: { maxPage: 100 }, faults: [lostLink] });
    seedTags(harness, manyNames(250));

    await expect(list(harness)).rejects.toMatchObject({ code: "protocol" });
  });

  it.each([
    ["no tags at all", answerJson(200, { name: "acme/api" }), "protocol"],
    ["tags that are no names", answerJson(200, { tags: ["ok", "not/ok"] }), "protocol"],
    ["an object for tags", answerJson(200, { tags: {} }), "protocol"],
    ["a 404 of nobody in particular", answer(404), "not-found"],
    ["a 404 page", answer(404, {}, new TextEncoder().encode("<h1>nginx</h1>")), "not-found"],
    ["a 404 for lack of a right", problem(404, "DENIED"), "denied"],
    [
      "a link without a query",
      answerJson(200, { tags: ["a"] }, { link: "</v2/>; rel=next" }),
      "protocol",
    ],
  ])("rejects %s", async (_, response, code) => {
    await expect(listFrom(() => response)).rejects.toMatchObject({ code });
  });

  it("rejects pages that never end", async () => {
    let page = 0;
    const listing = listFrom(() => {
      page += 1;
      return answerJson(200, { tags: [] }, { link: `<?last=${page}>; rel="next"` });
    });

    await expect(listing).rejects.toMatchObject({ code: "protocol" });
  });

  it("goes on after an empty page", async () => {
    const pages = [[], ["a", "b"], ["b", "c"]];
    let page = 0;
    const listing = listFrom(() => {
      const tags = pages[page] ?? [];
      page += 1;
      return answerJson(200, { tags }, page < 3 ? { link: `<?last=${page}>; rel="next"` } : {});
    });

    expect(await listing).toEqual(["a", "b", "c"]);
  });

  it("never follows a link to another host", async () => {
    let asked = 0;
    const other = await listen(async () => {
      asked += 1;
      return answerJson(200, { tags: ["evil"] });
    });
    onTestFinished(() => other.close());
    let page = 0;
    const listing = listFrom(() => {
      page += 1;
      const link = `<${other.url}/v2/acme/api/tags/list?last=a>; rel="next"`;
      return answerJson(200, { tags: [`good-${page}`] }, page === 1 ? { link } : {});
    });

    expect(await listing).toEqual(["good-1", "good-2"]);
    expect(asked).toBe(0);
  });

  it("stops with the reason of a signal", async () => {
    const harness = await openHarness({ fake: { maxPage: 10 } });
    seedTags(harness, NAMES);
    const controller = new AbortController();
    const reason = new Error("enough");

    const listing = (async () => {
      const tags: string[] = [];
      for await (const { tag } of harness.registry.listTags(harness.repository, controller)) {
        tags.push(tag);
        controller.abort(reason);
      }
      return tags;
    })();

    await expect(listing).rejects.toBe(reason);
    expect(harness.log()).toEqual(["GET 200"]);
  });
});

function unknown(code: string): Fault {
  return { kind: "status", status: 404, code };
}

function seedTags({ fake, repository }: Harness, names: readonly string[]): void {
  seedContent(repositoryIn(fake.state, repository.name), imageOf(), names);
}

function manyNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `t-${String(at).padStart(5, "0")}`);
}

async function list({ registry, repository }: Harness): Promise<string[]> {
  const entries = await Array.fromAsync(registry.listTags(repository));
  return entries.map(({ tag }) => tag);
}

/** The tags that a server answering like this has. */
async function listFrom(respond: () => FakeResponse): Promise<string[]> {
  const server = await listen(async () => respond());
  onTestFinished(() => server.close());
  await using http = openHttpClient({ userAgent: "test" });
  const { host } = server;
  const credentials = { find: async () => undefined };
  const now = (): Date => new Date();
  const registry = await openDistribution(
    {
      host,
      http,
      credentials,
      env: {},
      options: {},
      sleep: async () => undefined,
      warn: () => undefined,
      now,
    },
    { capabilities },
  );
  const entries = await Array.fromAsync(registry.listTags({ host, name: "acme/api" }));
  return entries.map(({ tag }) => tag);
}
