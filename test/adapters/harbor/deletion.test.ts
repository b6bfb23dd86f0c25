import { expect, it } from "vitest";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { createFakeHarbor } from "../../../contract-tests/fakes/harbor/harbor.ts";
import { MAINTAINER } from "../../../contract-tests/fakes/harbor/gate.ts";
import { descriptorOf, imageOf, indexOf } from "../../../contract-tests/fakes/seed.ts";
import type { DeleteOptions } from "../../../src/registry/registry.ts";
import { ROBOT, openSetting } from "./fixture.ts";

const isDelete: NonNullable<FaultRule["when"]> = ({ method }) => method === "DELETE";

it("leaves a tag that has moved since it was listed", async () => {
  const setting = await openSetting({
    rules: [
      {
        when: isDelete,
        before: () => {
          const held = setting.state.repositories.get(setting.repository.name);
          held?.tags.set("latest", moved.digest);
        },
      },
    ],
  });
  await using _ = setting;
  const { registry, repository, seed } = setting;
  const moved = imageOf({ labels: { n: "2" } });
  seed(imageOf(), "1.0", "latest");
  seed(moved, "2.0");
  await Array.fromAsync(registry.listTags(repository));

  const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["latest"]));

  expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
  expect(setting.tags()).toEqual(["1.0", "2.0", "latest"]);
});

it("does not count as gone what another server's API does not know", async () => {
  const other = await createFakeHarbor({ users: [ROBOT], projects: ["acme"] }).listen();
  await using setting = await openSetting({
    options: () => ({
      "harbor-username": ROBOT.username,
      "harbor-password": ROBOT.password,
      "harbor-api-url": other.url,
    }),
  });
  const { registry, repository, seed } = setting;
  const digest = seed(imageOf(), "1.0", "latest");
  await Array.fromAsync(registry.listTags(repository));

  const [byTag] = await Array.fromAsync(registry.deleteTags(repository, ["latest"]));
  const [byDigest] = await Array.fromAsync(registry.deleteManifests(repository, [digest]));
  await other.close();

  expect(byTag).toMatchObject({ status: "failed", error: { code: "denied" } });
  expect(byDigest).toMatchObject({ status: "failed", error: { code: "denied" } });
  expect(setting.tags()).toEqual(["1.0", "latest"]);
});

it("leaves an immutable tag and says why", async () => {
  await using setting = await openSetting({ isImmutable: (_, tag) => tag === "1.0" });
  const { registry, repository, seed } = setting;
  seed(imageOf(), "1.0", "latest");

  const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0", "latest"]));

  const byTag = outcomes.toSorted((a, b) => (a.tag < b.tag ? -1 : 1));
  expect(byTag).toMatchObject([
    {
      tag: "1.0",
      status: "failed",
      error: {
        code: "conflict",
        status: 412,
        registryCode: "PRECONDITION",
        hint: expect.stringContaining("immutability rule"),
      },
    },
    { tag: "latest", status: "deleted" },
  ]);
  expect(setting.tags()).toEqual(["1.0"]);
});

it("leaves a manifest with an immutable tag, and what else is on it", async () => {
  await using setting = await openSetting({ isImmutable: (_, tag) => tag === "1.0" });
  const { registry, repository, seed } = setting;
  const digest = seed(imageOf(), "1.0", "latest");

  const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

  expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
  expect(setting.tags()).toEqual(["1.0", "latest"]);
});

it("leaves a manifest that an index names, with Harbor's own code", async () => {
  await using setting = await openSetting();
  const { registry, repository, seed } = setting;
  const child = imageOf();
  seed(indexOf([child]), "1.0");

  const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [child.digest]));

  expect(outcomes).toMatchObject([
    { status: "failed", error: { registryCode: "VIOLATE_FOREIGN_KEY_CONSTRAINT" } },
  ]);
});

it("leaves a manifest with a tag that came since", async () => {
  await using setting = await openSetting();
  const { registry, repository, seed } = setting;
  const digest = seed(imageOf(), "1.0", "newer");
  const options: DeleteOptions = { tags: new Map([[digest, ["1.0"]]]) };

  const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest], options));

  expect(outcomes).toMatchObject([
    { status: "failed", error: { code: "conflict", message: expect.stringContaining("newer") } },
  ]);
  expect(setting.tags()).toEqual(["1.0", "newer"]);
  expect(setting.requests().filter((request) => request.startsWith("DELETE"))).toEqual([]);
});

it("leaves a manifest that would take a tag of another along", async () => {
  await using setting = await openSetting();
  const { registry, repository, seed } = setting;
  const subject = imageOf();
  const digest = seed(subject, "1.0");
  seed(imageOf({ layers: ["sbom"], subject: descriptorOf(subject) }), "sbom-of-1.0");
  const options: DeleteOptions = { tags: new Map([[digest, ["1.0"]]]) };

  const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest], options));

  expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
  expect(setting.tags()).toEqual(["1.0", "sbom-of-1.0"]);
});

it("leaves an index whose untagged child has a tagged companion", async () => {
  await using setting = await openSetting();
  const { registry, repository, seed } = setting;
  const child = imageOf();
  const digest = seed(indexOf([child]), "1.0");
  seed(imageOf({ layers: ["sbom"], subject: descriptorOf(child) }), "sbom");
  const options: DeleteOptions = { tags: new Map([[digest, ["1.0"]]]) };

  const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest], options));

  expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
  expect(setting.tags()).toEqual(["1.0", "sbom"]);
});

it("takes along a signature that is named after its subject", async () => {
  await using setting = await openSetting();
  const { registry, repository, seed } = setting;
  const subject = imageOf();
  const digest = seed(subject, "1.0");
  seed(imageOf({ layers: ["signature"] }), `${digest.replace(":", "-")}.sig`);
  const options: DeleteOptions = { tags: new Map([[digest, ["1.0"]]]) };

  const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest], options));

  expect(outcomes).toEqual([{ digest, status: "deleted" }]);
  expect(setting.tags()).toEqual([]);
});

it.each([
  ["tag:delete", "Tag: Delete"],
  ["artifact:delete", "Artifact: Delete"],
])("names the permission of a robot that lacks %s", async (lacking, name) => {
  const permissions = MAINTAINER.filter((permission) => permission !== lacking);
  await using setting = await openSetting({ users: [{ ...ROBOT, permissions }] });
  const { registry, repository, seed } = setting;
  const digest = seed(imageOf(), "1.0", "latest");
  const isTag = lacking === "tag:delete";

  const [outcome] = isTag
    ? await Array.fromAsync(registry.deleteTags(repository, ["latest"]))
    : await Array.fromAsync(registry.deleteManifests(repository, [digest]));

  expect(outcome).toMatchObject({
    status: "failed",
    error: { code: "denied", registryCode: "FORBIDDEN", hint: expect.stringContaining(name) },
  });
  expect(setting.tags()).toEqual(["1.0", "latest"]);
  expect((await registry.checkRights(repository)).delete).toMatchObject({
    status: "refused",
    missing: expect.stringContaining(name),
  });
});

it("deletes nothing with credentials that are a token", async () => {
  await using setting = await openSetting({
    options: () => ({}),
    credentials: { kind: "bearer-token", token: "opaque" },
  });
  const { registry, repository, seed } = setting;
  const digest = seed(imageOf(), "1.0");

  const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

  expect(outcomes).toMatchObject([{ status: "failed", error: { code: "unauthorized" } }]);
  expect(setting.requests()).toEqual([]);
});
