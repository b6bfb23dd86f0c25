import { describe, expect, it } from "vitest";
import { imageOf, indexOf } from "../../../contract-tests/fakes/seed.ts";
import { BOT, openHub } from "./fixture.ts";

describe("deleteManifests", () => {
  it("removes the known tags, then the manifest, and looks whether it is gone", async () => {
    const { seed, registry, repository, log } = await openHub();
    const digest = seed(imageOf(), "1.0");
    const tags = new Map([[digest, ["1.0"]]]);

    const outcomes = await Array.fromAsync(
      registry.deleteManifests(repository, [digest], { tags }),
    );

    expect(outcomes).toEqual([{ digest, status: "deleted" }]);
    expect(log().filter((line) => line.startsWith("DELETE"))).toEqual([
      "DELETE 204 /v2/repositories/acme/shop/tags/1.0/",
      `DELETE 202 /v2/acme/shop/manifests/${digest}`,
    ]);
  });

  it("fails with conflict when a tag came that nobody knew, and leaves that tag", async () => {
    const { seed, registry, repository } = await openHub();
    const digest = seed(imageOf(), "1.0", "came-since");
    const tags = new Map([[digest, ["1.0"]]]);

    const outcomes = await Array.fromAsync(
      registry.deleteManifests(repository, [digest], { tags }),
    );

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
    expect((await registry.resolve({ ...repository, tag: "came-since" }))?.digest).toBe(digest);
  });

  it("fails with conflict for the child of an index", async () => {
    const { seed, registry, repository } = await openHub();
    const child = imageOf({ layers: ["child"] });
    seed(indexOf([child]), "1.0");

    const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [child.digest]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
  });

  it("waits for a deletion that goes on in the background", async () => {
    const { seed, registry, repository, waits } = await openHub({ hub: { deletionLag: 3 } });
    const digest = seed(imageOf(), "1.0");

    const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

    expect(outcomes).toEqual([{ digest, status: "deleted" }]);
    expect(waits.length).toBeGreaterThan(0);
  });

  it("says that one is still there which never goes", async () => {
    const { seed, registry, repository } = await openHub({ hub: { deletionLag: 1_000 } });
    const digest = seed(imageOf(), "1.0");

    const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "unavailable" } }]);
  });

  it("tells a missing right from a rule", async () => {
    const { seed, registry, repository } = await openHub({
      hub: { accounts: [{ ...BOT, permission: "write" }] },
    });
    const digest = seed(imageOf());

    const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

    expect(outcomes).toMatchObject([{ status: "failed" }]);
    const [outcome] = outcomes;
    const code = outcome?.status === "failed" ? outcome.error.code : "deleted";
    expect(["denied", "unauthorized"]).toContain(code);
  });
});

describe("a refusal of a manifest that nobody can explain for an outage", () => {
  it("is the outage's, and a conflict once that is over", async () => {
    let isDown = true;
    const { seed, registry, repository } = await openHub({
      faults: [
        {
          when: ({ method, path }) =>
            isDown && method === "DELETE" && /sha256:/.test(path) && !path.endsWith(digest),
          fault: { kind: "status", status: 503 },
        },
      ],
    });
    const digest = seed(imageOf(), "1.0", "came-since");
    const tags = new Map([[digest, ["1.0"]]]);

    const [first] = await Array.fromAsync(registry.deleteManifests(repository, [digest], { tags }));
    isDown = false;
    const [then] = await Array.fromAsync(registry.deleteManifests(repository, [digest], { tags }));

    expect(first).toMatchObject({ status: "failed", error: { code: "unavailable" } });
    expect(then).toMatchObject({ status: "failed", error: { code: "conflict" } });
  });
});

describe("deleteTags", () => {
  it("explains a token without the right to delete", async () => {
    const { seed, registry, repository } = await openHub({
      hub: { accounts: [{ ...BOT, permission: "write" }] },
    });
    seed(imageOf(), "1.0");

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

    expect(outcomes).toMatchObject([
      {
        status: "failed",
        error: { code: "denied", hint: expect.stringContaining("Read, Write, Delete") },
      },
    ]);
  });

  it("leaves an immutable tag as a conflict, and removes the others", async () => {
    const { seed, registry, repository } = await openHub({ hub: { immutableRules: ["v.*"] } });
    seed(imageOf(), "v1", "latest");

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["v1", "latest"]));

    expect(outcomes.toSorted((a, b) => (a.tag < b.tag ? -1 : 1))).toMatchObject([
      { tag: "latest", status: "deleted" },
      { tag: "v1", status: "failed", error: { code: "conflict" } },
    ]);
  });

  it("leaves the refusal as it is when the rules cannot be read", async () => {
    const { seed, registry, repository } = await openHub({
      hub: { immutableRules: ["v.*"] },
      faults: [
        {
          when: ({ method, path }) => method === "GET" && path.endsWith("/repositories/shop"),
          fault: { kind: "status", status: 500 },
        },
      ],
    });
    seed(imageOf(), "v1");

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["v1"]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "denied" } }]);
  });

  it("enters again once for many requests that are refused together", async () => {
    const opened = await openHub();
    const { seed, registry, repository, hub, log } = opened;
    const tags = Array.from({ length: 20 }, (_, at) => `t${at}`);
    seed(imageOf(), "kept", ...tags);
    await Array.fromAsync(registry.listTags(repository));
    hub.revokeTokens();
    log();

    const outcomes = await Array.fromAsync(registry.deleteTags(repository, tags));

    expect(outcomes.filter(({ status }) => status === "deleted")).toHaveLength(20);
    expect(log().filter((line) => line.includes("/v2/auth/token"))).toHaveLength(1);
  });
});

it("an immutable tag is not moved: a conflict", async () => {
  const { seed, registry, repository } = await openHub({ hub: { immutableRules: [".*"] } });
  const digest = seed(imageOf(), "1.0");
  const other = imageOf({ labels: { version: "2" } });

  const put = registry.putManifest({ ...repository, tag: "1.0" }, other);

  await expect(put).rejects.toMatchObject({ code: "conflict" });
  expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(digest);
});
