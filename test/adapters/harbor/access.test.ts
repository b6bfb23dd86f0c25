import { expect, it } from "vitest";
import { readAccess } from "../../../adapters/harbor/access.ts";
import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import type { AdapterContext } from "../../../src/registry/adapter.ts";
import { inChunks } from "../../../contract-tests/suite/harness.ts";
import { ROBOT, openSetting } from "./fixture.ts";

it("sends what docker's configuration holds to the API and the registry", async () => {
  await using setting = await openSetting({
    options: () => ({}),
    credentials: { kind: "password", ...ROBOT },
  });
  const { registry, repository, seed } = setting;
  const digest = seed(imageOf(), "1.0");

  const entries = await Array.fromAsync(registry.listTags(repository));

  expect(entries).toMatchObject([{ tag: "1.0", digest }]);
  expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(digest);
});

it("tells who it is, and what a good robot may do", async () => {
  await using setting = await openSetting();
  setting.seed(imageOf(), "1.0");

  expect(await setting.registry.checkRights(setting.repository)).toEqual({
    identity: ROBOT.username,
    list: { status: "granted" },
    read: { status: "granted" },
    push: { status: "granted" },
    delete: { status: "granted" },
  });
});

it("gives no session back: nothing is refused for a missing CSRF token", async () => {
  await using setting = await openSetting({
    rules: [{ before: ({ headers }) => expect(headers["cookie"]).toBeUndefined() }],
  });
  const { registry, repository, seed } = setting;
  const digest = seed(imageOf(), "1.0");
  await Array.fromAsync(registry.listTags(repository));

  const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

  expect(outcomes).toEqual([{ digest, status: "deleted" }]);
});

it("asks the API at its own address", async () => {
  await using setting = await openSetting({
    options: (host) => ({
      "harbor-username": ROBOT.username,
      "harbor-password": ROBOT.password,
      "harbor-api-url": `http://${host}/api/v2.0/`,
    }),
  });
  setting.seed(imageOf(), "1.0");

  const entries = await Array.fromAsync(setting.registry.listTags(setting.repository));

  expect(entries).toHaveLength(1);
});

it("goes on with Basic when its token has run out, as Harbor asks", async () => {
  await using setting = await openSetting();
  const { registry, repository, seed } = setting;
  const digest = seed(imageOf(), "1.0");
  await registry.resolve({ ...repository, tag: "1.0" });
  setting.expireTokens();

  expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(digest);
});

it("refuses a wrong password with its class, and does not show it", async () => {
  await using setting = await openSetting({
    options: () => ({ "harbor-username": ROBOT.username, "harbor-password": "wr0ng-and-secret" }),
  });
  setting.seed(imageOf(), "1.0");

  const listing = Array.fromAsync(setting.registry.listTags(setting.repository));

  const error: unknown = await listing.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "unauthorized", status: 401 });
  expect(String(error)).not.toContain("wr0ng-and-secret");
});

it("calls a used-up quota what it is", async () => {
  await using setting = await openSetting({ quotaExceeded: true });
  const { registry, repository } = setting;
  const [blob] = imageOf().blobs;
  if (blob === undefined) throw new Error("an image has blobs");
  const { digest, bytes } = blob;

  const push = registry.putBlob(repository, { digest, size: bytes.length }, inChunks(bytes));

  await expect(push).rejects.toMatchObject({
    code: "conflict",
    registryCode: "DENIED",
    hint: expect.stringContaining("quota"),
  });
});

it("refuses to move an immutable tag as a conflict", async () => {
  await using setting = await openSetting({ isImmutable: () => true });
  const { registry, repository, seed } = setting;
  const other = imageOf({ labels: { n: "2" } });
  seed(imageOf(), "1.0");
  seed(other, "2.0");

  const push = registry.putManifest({ ...repository, tag: "1.0" }, other);

  await expect(push).rejects.toMatchObject({ code: "conflict", status: 412 });
});

it.each([
  [{ "harbor-username": "bot" }, "harbor-password is not"],
  [{ "harbor-password": "s3cret" }, "harbor-username is not"],
  [{ "harbor-api-url": "harbor.example.com" }, "harbor-api-url"],
  [{ "harbor-api-url": "http://harbor.example.com" }, "not https:"],
  [{ "harbor-api-url": "https://user:s3cret@harbor.example.com" }, "more than a host"],
])("refuses the options %j", async (options, why) => {
  await using setting = await openSetting();
  const opening = (): unknown => readAccess({ ...contextOf(setting.repository.host), options });

  expect(opening).toThrow(expect.objectContaining({ code: "invalid" }));
  expect(opening).toThrow(why);
  expect(opening).not.toThrow("s3cret");
});

function contextOf(host: string): AdapterContext {
  return {
    host,
    http: {
      send: () => Promise.reject(new Error("nothing is sent")),
      counts: () => ({ GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 }),
      async [Symbol.asyncDispose]() {},
    },
    credentials: { find: async () => undefined },
    options: {},
    env: {},
    now: () => new Date(),
    sleep: async () => undefined,
    warn: () => undefined,
  };
}

it("says that credentials cannot be read, without what stands in an address of theirs", async () => {
  await using setting = await openSetting({
    options: () => ({}),
    credentialsError: new Error("helper: https://bot:s3cret@vault.example.com/?key=s3cret\nfailed"),
  });
  const { registry, repository } = setting;

  const error: unknown = await Array.fromAsync(registry.listTags(repository)).catch(
    (reason: unknown) => reason,
  );

  expect(error).toMatchObject({ code: "unauthorized" });
  expect(String(error)).toContain("vault.example.com");
  expect(String(error)).not.toMatch(/s3cret|\n/);
});
