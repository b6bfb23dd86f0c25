import { expect, it } from "vitest";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { answerJson } from "../../../contract-tests/fakes/message.ts";
import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { listen } from "../../../contract-tests/fakes/serve.ts";
import type { TagEntry } from "../../../src/registry/registry.ts";
import { ROBOT, TOKEN, openSetting } from "./fixture.ts";
import type { Setting } from "./fixture.ts";

const isPage: NonNullable<FaultRule["when"]> = ({ path }) => path.endsWith("/tag/");

it("lists 10 000 tags with digests and times in 101 requests: the last full page is doubted", async () => {
  await using setting = await openSetting();
  const digest = setting.seed(imageOf(), ...Array.from({ length: 10_000 }, (_, n) => `build-${n}`));

  const entries = await entriesOf(setting);

  expect(entries).toHaveLength(10_000);
  expect(entries.every((entry) => entry.digest === digest && entry.pushedAt !== undefined)).toBe(
    true,
  );
  expect(setting.requests().length).toBe(101);
});

it("lists by name, 100 a page, and says so once, without a token", async () => {
  await using setting = await openSetting({ options: () => robot });
  setting.seed(imageOf(), ...Array.from({ length: 230 }, (_, n) => `build-${n}`));

  const entries = await entriesOf(setting);

  expect(entries).toHaveLength(230);
  expect(entries.every(({ digest }) => digest === undefined)).toBe(true);
  expect(setting.requests().filter((request) => request.includes("/tags/list")).length).toBe(4);
  expect(setting.registry.capabilities).toMatchObject({ listing: "names", undelete: "none" });
  expect(new Set(setting.warnings).size).toBe(1);
});

it("leaves out a tag whose time is over", async () => {
  await using setting = await openSetting({
    expiry: (_, tag) => (tag === "old" ? Date.now() - 1 : Date.now() + 60_000),
  });
  setting.seed(imageOf(), "old", "young");

  expect((await entriesOf(setting)).map(({ tag }) => tag)).toEqual(["young"]);
});

it.each([
  ["comes twice", { tags: [{ name: "a" }], page: 1, has_additional: true }],
  ["is empty and says that more follow", { tags: [], page: 1, has_additional: true }],
  ["is another one", { tags: [{ name: "a" }], page: 7, has_additional: false }],
  ["has no tags", { page: 1, has_additional: false }],
  ["has a tag that is none", { tags: [{ name: "a/b" }], page: 1, has_additional: false }],
])("rejects a listing whose page %s", async (_, body) => {
  await using server = await listen(async ({ query }) =>
    answerJson(200, body.page === 1 ? { ...body, page: Number(query.get("page")) } : body),
  );
  await using setting = await openSetting({
    options: () => ({ "quay-token": TOKEN.token, "quay-api-url": server.url }),
  });

  await expect(entriesOf(setting)).rejects.toMatchObject({ code: "protocol" });
});

it("rejects a listing whose full page hides that more follow", async () => {
  const names = Array.from({ length: 150 }, (_, n) => ({ name: `t${n}` }));
  await using server = await listen(async ({ query }) => {
    const page = Number(query.get("page"));
    const tags = names.slice((page - 1) * 100, page * 100);
    return answerJson(200, { tags, page, has_additional: false });
  });
  await using setting = await openSetting({
    options: () => ({ "quay-token": TOKEN.token, "quay-api-url": server.url }),
  });

  await expect(entriesOf(setting)).rejects.toMatchObject({ code: "protocol" });
});

it.each([
  ["is not known", [], "unauthorized", "invalid_token"],
  ["may not read", [{ ...TOKEN, scopes: [] }], "denied", "insufficient_scope"],
] as const)(
  "rejects with Quay's own code where the token %s",
  async (_, tokens, code, registryCode) => {
    await using setting = await openSetting({ tokens });
    setting.seed(imageOf(), "1.0");

    const error: unknown = await entriesOf(setting).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code, registryCode });
    expect(String(error)).not.toContain(TOKEN.token);
  },
);

it("goes on after a pause that the registry asked for", async () => {
  await using setting = await openSetting({
    rules: [{ when: isPage, times: 1, fault: { kind: "throttled", retryAfter: "3" } }],
  });
  setting.seed(imageOf(), "1.0");

  expect(await entriesOf(setting)).toHaveLength(1);
});

it("serves the registry with the token where nothing else is known", async () => {
  await using setting = await openSetting({
    users: [{ username: "$oauthtoken", password: TOKEN.token }],
    options: () => ({ "quay-token": TOKEN.token }),
  });
  const digest = setting.seed(imageOf(), "1.0");
  const { registry, repository } = setting;

  expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(digest);
});

const robot = { "quay-username": ROBOT.username, "quay-password": ROBOT.password };

function entriesOf({ registry, repository }: Setting): Promise<TagEntry[]> {
  return Array.fromAsync(registry.listTags(repository));
}
