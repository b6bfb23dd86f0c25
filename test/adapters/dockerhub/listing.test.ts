import { expect, it, onTestFinished } from "vitest";
import { answerJson } from "../../../contract-tests/fakes/message.ts";
import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { listen } from "../../../contract-tests/fakes/serve.ts";
import { BOT, BY_TOKEN, openHub } from "./fixture.ts";

it("lists 10 000 tags in 100 requests and one login", async () => {
  const { seed, registry, repository, log } = await openHub();
  seed(imageOf(), ...Array.from({ length: 10_000 }, (_, at) => `build-${at}`));

  const entries = await Array.fromAsync(registry.listTags(repository));

  expect(new Set(entries.map(({ tag }) => tag)).size).toBe(10_000);
  expect(log()).toHaveLength(101);
});

it("spells out library/ and refuses deeper names", async () => {
  const { seed, registry, repository } = await openHub({ name: "nginx" });
  seed(imageOf(), "1.0");

  const entries = await Array.fromAsync(registry.listTags(repository));
  const deeper = Array.fromAsync(registry.listTags({ ...repository, name: "a/b/c" }));

  expect(entries.map(({ tag }) => tag)).toEqual(["1.0"]);
  await expect(deeper).rejects.toMatchObject({ code: "invalid" });
});

it("leaves out a digest that the Hub does not know", async () => {
  const { seed, registry, repository } = await openHub({ hub: { withoutDigest: ["old"] } });
  const digest = seed(imageOf(), "old", "new");

  const entries = await Array.fromAsync(registry.listTags(repository));

  expect(entries.map((entry) => [entry.tag, entry.digest])).toEqual([
    ["old", undefined],
    ["new", digest],
  ]);
});

it("reads the list again when it shrinks under its hands", async () => {
  let seen = 0;
  const opened = await openHub({
    hub: { pageSize: 50 },
    faults: [
      {
        when: ({ path }) => path.endsWith("/tags") && ++seen === 2,
        before: () => void opened.hub.state.repositories.get("acme/shop")?.tags.delete("build-0"),
      },
    ],
  });
  opened.seed(imageOf(), ...Array.from({ length: 120 }, (_, at) => `build-${at}`));

  const entries = await Array.fromAsync(opened.registry.listTags(opened.repository));

  expect(entries).toHaveLength(119);
});

it.each([
  ["is shorter than its count", { count: 3, next: null }, "2 of 3 tags"],
  ["leads back to its first page", { count: 2, next: "https://hub.test/x?page=1" }, "circle"],
  ["leads past a page", { count: 2, next: "https://hub.test/x?page=3" }, "circle"],
  ["leads nowhere", { count: 2, next: "https://hub.test/x" }, "circle"],
])("refuses a list that %s", async (_, page, text) => {
  const server = await listen(async ({ method }) =>
    method === "POST"
      ? answerJson(200, { access_token: "t0ken" })
      : answerJson(200, { ...page, results: [{ name: "a" }, { name: "b" }] }),
  );
  onTestFinished(() => server.close());
  const { registry, repository } = await openHub({
    options: () => ({ ...BY_TOKEN, "docker-hub-api-url": server.url }),
  });

  const listed = Array.fromAsync(registry.listTags(repository));

  await expect(listed).rejects.toMatchObject({
    code: "protocol",
    message: expect.stringContaining(text),
  });
});

it("gives up on a list that changes in every reading", async () => {
  let seen = 0;
  const opened = await openHub({
    hub: { pageSize: 50 },
    faults: [
      {
        when: ({ path, query }) => path.endsWith("/tags") && query.get("page") === "2",
        before: () =>
          void opened.hub.state.repositories.get("acme/shop")?.tags.delete(`b${seen++}`),
      },
    ],
  });
  opened.seed(imageOf(), ...Array.from({ length: 120 }, (_, at) => `b${at}`));

  const listed = Array.fromAsync(opened.registry.listTags(opened.repository));

  await expect(listed).rejects.toMatchObject({ code: "protocol" });
});

it.each([
  ["retry-after", "retry-after"],
  ["x-retry-after", "x-retry-after"],
] as const)("waits for the limit of the Hub API as %s says, and goes on", async (_, refusal) => {
  const { seed, registry, repository, log, waits } = await openHub({
    hub: { pageSize: 50, limit: { requests: 5, windowMs: 60_000, refusal } },
  });
  seed(imageOf(), ...Array.from({ length: 450 }, (_, at) => `build-${at}`));

  const entries = await Array.fromAsync(registry.listTags(repository));

  expect(entries).toHaveLength(450);
  expect(log().filter((line) => line.includes(" 429 "))).toEqual([]);
  expect(Math.max(...waits)).toBeGreaterThan(50_000);
});

it("lists the repositories of a namespace, and of no host", async () => {
  const { seed, registry } = await openHub();
  seed(imageOf(), "1.0");

  const found = await Array.fromAsync(registry.listRepositories("acme"));

  expect(found.map(({ name }) => name)).toEqual(["acme/shop"]);
  await expect(Array.fromAsync(registry.listRepositories(""))).rejects.toMatchObject({
    code: "unsupported",
  });
});

it.each([
  ["read", "refused", "refused"],
  ["write", "granted", "refused"],
  ["delete", "granted", "granted"],
] as const)("tells the rights of a token that may %s", async (permission, push, removal) => {
  const { seed, registry, repository } = await openHub({
    hub: { accounts: [{ ...BOT, permission }] },
  });
  seed(imageOf(), "1.0");

  const rights = await registry.checkRights(repository);

  expect(rights).toMatchObject({
    identity: BOT.identifier,
    list: { status: "granted" },
    read: { status: "granted" },
    push: { status: push },
    delete: { status: removal },
  });
  const missing = rights.delete.status === "refused" ? rights.delete.missing : undefined;
  expect(missing?.includes("Read, Write, Delete")).toBe(removal === "refused" ? true : undefined);
});
