import { expect, it } from "vitest";
import { imageOf, indexOf } from "../../../contract-tests/fakes/seed.ts";
import { classify } from "../../../adapters/quay/errors.ts";
import { ROBOT, TOKEN, openSetting } from "./fixture.ts";

const isTagPage = ({ path }: { readonly path: string }): boolean => path.endsWith("/tag/");

it("asks the token service for what it knows, and deletes", async () => {
  await using setting = await openSetting();
  const { registry, repository, seed } = setting;
  seed(imageOf(), "1.0", "latest");

  const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["latest"]));

  expect(outcomes).toEqual([{ tag: "latest", status: "deleted" }]);
  expect(setting.tags()).toEqual(["1.0"]);
  const scopes = setting.requests().filter((request) => request.includes("/v2/auth"));
  expect(scopes.some((request) => /delete|catalog|%2A|\*/.test(request))).toBe(false);
});

it("leaves an immutable tag, and a manifest that has one", async () => {
  await using setting = await openSetting({ isImmutable: (_, tag) => tag === "1.0" });
  const { registry, repository, seed } = setting;
  const digest = seed(imageOf(), "1.0", "latest");

  const [tag] = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));
  const [manifest] = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

  const error = { code: "conflict", registryCode: "TAG_IMMUTABLE" };
  expect(tag).toMatchObject({ status: "failed", error: { ...error, hint: expect.any(String) } });
  expect(manifest).toMatchObject({ status: "failed", error: { code: "conflict" } });
  expect(setting.tags()).toEqual(["1.0", "latest"]);
});

it("leaves a manifest with a tag that the caller does not know, and says so", async () => {
  await using setting = await openSetting();
  const { registry, repository, seed } = setting;
  const strange = seed(imageOf(), "1.0", "came-since");
  const known = seed(imageOf({ labels: { n: "2" } }), "2.0");
  const tags = new Map([
    [strange, ["1.0"]],
    [known, ["2.0"]],
  ]);

  const outcomes = await Array.fromAsync(
    registry.deleteManifests(repository, [strange, known], { tags }),
  );

  expect(outcomes).toMatchObject([
    { digest: strange, status: "failed", error: { code: "conflict" } },
    { digest: known, status: "deleted" },
  ]);
  expect(setting.tags()).toEqual(["1.0", "came-since"]);
});

it("leaves every manifest when nobody can tell which tags it has", async () => {
  await using setting = await openSetting({
    rules: [{ when: isTagPage, fault: { kind: "status", status: 500 } }],
  });
  const { registry, repository, seed } = setting;
  const digest = seed(imageOf(), "1.0");

  const outcomes = await Array.fromAsync(
    registry.deleteManifests(repository, [digest], { tags: new Map([[digest, ["1.0"]]]) }),
  );

  expect(outcomes).toMatchObject([{ status: "failed", error: { code: "unavailable" } }]);
  expect(setting.tags()).toEqual(["1.0"]);
});

it.each([
  ["GET", { message: "Service Unavailable" }],
  ["POST", { message: "Service Unavailable" }],
  ["POST", undefined],
] as const)("takes a 503 to %s that says %j for an outage", (method, json) => {
  const call = { method, target: "/", verb: "list", reference: "h/n" } as const;

  expect(classify({ call, status: 503, headers: {}, json, text: "" })).toBeUndefined();
});

it("takes a 503 of a mirror for a rule", () => {
  const call = { method: "POST", target: "/", verb: "restore", reference: "h/n" } as const;
  const json = { message: "Repository is in read only or mirror mode: RepositoryState.MIRROR" };

  expect(classify({ call, status: 503, headers: {}, json, text: "" })?.code).toBe("conflict");
});

it("calls read-only mode a rule of the registry", async () => {
  await using setting = await openSetting({ isReadOnly: true });
  const { registry, repository, seed } = setting;
  const digest = seed(imageOf(), "1.0");

  const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

  expect(outcomes).toMatchObject([
    {
      status: "failed",
      error: { code: "conflict", status: 405, hint: expect.stringContaining("read-only") },
    },
  ]);
  expect(setting.tags()).toEqual(["1.0"]);
});

it("does not take the 404 for a child of a living index for its end", async () => {
  await using setting = await openSetting();
  const { registry, repository, seed } = setting;
  const child = imageOf();
  seed(indexOf([child]), "1.0");

  const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [child.digest]));

  expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
});

it("names the permission that a robot lacks, and loses nothing", async () => {
  await using setting = await openSetting({ users: [{ ...ROBOT, role: "read" }] });
  const { registry, repository, seed } = setting;
  const digest = seed(imageOf(), "1.0");

  const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));
  const rights = await registry.checkRights(repository);

  expect(outcomes).toMatchObject([
    { status: "failed", error: { code: "unauthorized", hint: expect.stringContaining("Write") } },
  ]);
  expect(setting.tags()).toEqual(["1.0"]);
  expect(rights).toMatchObject({
    identity: "owner",
    list: { status: "granted" },
    read: { status: "granted" },
    push: { status: "refused", missing: expect.stringContaining("Write permission") },
    delete: { status: "refused", missing: expect.stringContaining("Write permission") },
  });
});

it("makes no repository by asking what it may do", async () => {
  await using setting = await openSetting();
  const absent = { ...setting.repository, name: "acme/absent" };

  const rights = await setting.registry.checkRights(absent);

  expect(rights).toMatchObject({ push: { status: "unknown" }, delete: { status: "unknown" } });
  expect(setting.state.repositories.has("acme/absent")).toBe(false);
});

it("leaves a tag that points elsewhere by now when it restores", async () => {
  await using setting = await openSetting();
  const { registry, repository, seed } = setting;
  const digest = seed(imageOf(), "1.0");
  await Array.fromAsync(registry.deleteManifests(repository, [digest]));
  const newer = seed(imageOf({ labels: { n: "2" } }), "1.0");

  const outcomes = await Array.fromAsync(
    registry.undelete(repository, [{ digest, tags: ["1.0"] }]),
  );

  expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
  expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(newer);
});

it("fails to restore what the time machine let go of, and what a token may not", async () => {
  await using setting = await openSetting({ tokens: [{ ...TOKEN, scopes: ["repo:read"] }] });
  const { registry, repository, seed } = setting;
  const digest = seed(imageOf(), "1.0");
  await Array.fromAsync(registry.deleteManifests(repository, [digest]));

  const refused = await Array.fromAsync(registry.undelete(repository, [{ digest, tags: ["1.0"] }]));

  expect(refused).toMatchObject([
    { status: "failed", error: { code: "denied", hint: expect.stringContaining("repo:write") } },
  ]);
});

it.each([
  [undefined, false],
  ["true", true],
  ["false", false],
])("takes quay-nested %s for %s", async (value, expected) => {
  await using setting = await openSetting({
    options: () => (value === undefined ? {} : { "quay-nested": value }),
  });

  expect(setting.registry.capabilities.nestedRepositories).toBe(expected);
});

it.each([
  [{ "quay-username": "bot" }, "quay-password is not"],
  [{ "quay-token": "two words" }, "quay-token"],
  [{ "quay-nested": "maybe" }, "quay-nested"],
  [{ "quay-api-url": "http://quay.example.com" }, "not https:"],
])("refuses the options %j", async (options, why) => {
  await expect(openSetting({ options: () => options })).rejects.toThrow(why);
});

it("says that credentials cannot be read, without what stands in an address of theirs", async () => {
  await using setting = await openSetting({
    options: () => ({}),
    credentialsError: new Error("helper: https://bot:s3cret@vault.example.com/?key=s3cret\nfailed"),
  });
  const { registry, repository } = setting;

  const error: unknown = await registry.checkRights(repository).catch((reason: unknown) => reason);

  expect(error).toMatchObject({ code: "unauthorized" });
  expect(String(error)).toContain("vault.example.com");
  expect(String(error)).not.toMatch(/s3cret|\n/);
});
