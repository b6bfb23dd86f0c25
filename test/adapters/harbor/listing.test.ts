import { expect, it } from "vitest";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { answerJson } from "../../../contract-tests/fakes/message.ts";
import { descriptorOf, imageOf } from "../../../contract-tests/fakes/seed.ts";
import { listen } from "../../../contract-tests/fakes/serve.ts";
import { readPages } from "../../../adapters/harbor/pages.ts";
import type { ItemPage } from "../../../adapters/harbor/pages.ts";
import type { TagEntry } from "../../../src/registry/registry.ts";
import { ROBOT, openSetting } from "./fixture.ts";
import type { Setting } from "./fixture.ts";

const isPage: NonNullable<FaultRule["when"]> = ({ method, path }) =>
  method === "GET" && path.endsWith("/artifacts");

it("lists 10 000 tags on as many artifacts in 101 requests", async () => {
  await using setting = await openSetting();
  seedMany(setting, 10_000);

  const entries = await entriesOf(setting);

  expect(entries).toHaveLength(10_000);
  expect(setting.requests().length).toBe(101);
  expect(
    entries.every(({ digest, pushedAt }) => digest !== undefined && pushedAt !== undefined),
  ).toBe(true);
});

it("encodes the name of a repository below its project twice", async () => {
  await using setting = await openSetting();
  setting.seed(imageOf(), "1.0");

  await entriesOf(setting);

  expect(setting.requests()).toContainEqual(
    expect.stringContaining("/api/v2.0/projects/acme/repositories/shop%2Fapi/artifacts?"),
  );
});

it("yields the tags of accessories, which the API does not show, by their names", async () => {
  await using setting = await openSetting();
  const subject = imageOf();
  setting.seed(subject, "1.0");
  const signature = `${subject.digest.replace(":", "-")}.sig`;
  setting.seed(imageOf({ layers: ["signature"] }), signature);
  setting.seed(imageOf({ layers: ["sbom"], subject: descriptorOf(subject) }), "sbom");

  const entries = await entriesOf(setting);

  expect(entries.map(({ tag, digest }) => [tag, digest !== undefined])).toEqual([
    ["1.0", true],
    ["sbom", false],
    [signature, false],
  ]);
});

it("keeps a tag that slips through the pages while an artifact is deleted", async () => {
  let seen = 0;
  const setting: Setting = await openSetting({
    pageSize: 10,
    rules: [
      {
        when: (request) => isPage(request, 0) && ++seen === 2,
        before: () => {
          const held = setting.state.repositories.get(setting.repository.name);
          const [digest] = [...(held?.manifests.keys() ?? [])];
          if (digest !== undefined) held?.manifests.delete(digest);
          held?.tags.delete("build-0");
        },
      },
    ],
  });
  await using _ = setting;
  seedMany(setting, 25);

  const entries = await entriesOf(setting);

  expect(entries.map(({ tag }) => tag)).toEqual(expect.arrayContaining([...setting.tags()]));
});

it.each<[string, NonNullable<FaultRule["fault"]>]>([
  ["links to itself", { kind: "repeated-page" }],
  ["lost its link", { kind: "lost-link" }],
])("rejects a listing whose page %s", async (_, fault) => {
  await using setting = await openSetting({ rules: [{ when: isPage, times: 1, fault }] });
  seedMany(setting, 101);

  await expect(entriesOf(setting)).rejects.toMatchObject({ code: "protocol" });
});

it("reads on where accessories make a page short, and the link ends early", async () => {
  const pages = [["a", "b"], ["c"], ["d"], []];
  const read = async (page: number): Promise<ItemPage<string>> => ({
    items: pages[page - 1] ?? [],
    total: 4,
    next: page === 1 ? 2 : undefined,
  });

  const options = {
    pageSize: 2,
    read,
    keyOf: (item: string) => item,
    error: (why: string) => new Error(why),
  };

  expect(await Array.fromAsync(readPages(options))).toEqual(["a", "b", "c", "d"]);
});

it("refuses Harbor 1 with its version", async () => {
  await using server = await listen(async ({ path }) => {
    if (path === "/api/systeminfo") return answerJson(200, { harbor_version: "v1.10.17-abcdef" });
    if (path.endsWith("/tags/list")) return answerJson(200, { name: "x", tags: ["1.0"] });
    return { ...answerJson(404, {}), body: new TextEncoder().encode("404 page not found") };
  });
  await using setting = await openSetting({
    options: () => ({
      "harbor-username": ROBOT.username,
      "harbor-password": ROBOT.password,
      "harbor-api-url": server.url,
    }),
  });
  setting.seed(imageOf(), "1.0");

  await expect(entriesOf(setting)).rejects.toMatchObject({
    code: "unsupported",
    message: expect.stringContaining("Harbor v1.10.17-abcdef has no API v2.0"),
  });
});

it("lists by name, and says so once, where the credentials are a token", async () => {
  await using setting = await openSetting({
    options: () => ({}),
    credentials: { kind: "bearer-token", token: "opaque" },
  });
  setting.seed(imageOf(), "1.0");

  await expect(entriesOf(setting)).rejects.toMatchObject({ code: "unauthorized" });
  await expect(entriesOf(setting)).rejects.toMatchObject({ code: "unauthorized" });

  expect(setting.warnings).toHaveLength(1);
  expect(setting.requests().every((request) => !request.includes("/api/v2.0"))).toBe(true);
});

function seedMany(setting: Setting, count: number): ReturnType<typeof imageOf>[] {
  return Array.from({ length: count }, (_, n) => {
    const image = imageOf({ labels: { n: `${n}` } });
    setting.seed(image, `build-${n}`);
    return image;
  });
}

function entriesOf({ registry, repository }: Setting): Promise<TagEntry[]> {
  return Array.fromAsync(registry.listTags(repository));
}
