import { describe, expect, it } from "vitest";
import { createFakeGithub, TOKEN } from "../../../contract-tests/fakes/github/registry.ts";
import type { GithubTraits } from "../../../contract-tests/fakes/github/registry.ts";
import { withFaults } from "../../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { imageOf, indexOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { openOver, virtualClock } from "./in-process.ts";
import type { Opened } from "./in-process.ts";

const REPOSITORY = { host: "ghcr.io", name: "acme/shop" };

describe("a manifest", () => {
  it("stays when it has a tag that the caller does not know, though it came after the listing", async () => {
    const { registry, repository, seed } = await open();
    const digest = seed(imageOf(), ["1.0"]);
    seed(imageOf({ labels: { n: "other" } }), ["other"]);
    await Array.fromAsync(registry.listTags(REPOSITORY));
    repository.tags.set("came-since", digest);

    const tags = new Map([[digest, ["1.0"]]]);
    const outcomes = await Array.fromAsync(
      registry.deleteManifests(REPOSITORY, [digest], { tags }),
    );

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
    expect([...repository.tags.keys()]).toEqual(["1.0", "other", "came-since"]);
  });

  it("that is the last tagged one of its package is refused, with what can be done", async () => {
    const { registry, repository, seed } = await open();
    const digest = seed(imageOf(), ["1.0"]);

    const outcomes = await Array.fromAsync(registry.deleteManifests(REPOSITORY, [digest]));

    expect(outcomes).toMatchObject([{ error: { code: "conflict", status: 400 } }]);
    expect(hintOf(outcomes)).toContain("--repo-github-delete-packages");
    expect(repository.tags.size).toBe(1);
  });

  it("takes its package along when that was asked for, and only when nothing else is in it", async () => {
    const { registry, repository, seed } = await open({}, [], {
      "github-delete-packages": "true",
    });
    const child = imageOf({ layers: ["child"] });
    const digest = seed(indexOf([child]), ["1.0"]);

    const refused = await Array.fromAsync(registry.deleteManifests(REPOSITORY, [digest]));
    await Array.fromAsync(registry.deleteManifests(REPOSITORY, [child.digest]));
    const gone = await Array.fromAsync(registry.deleteManifests(REPOSITORY, [digest]));

    expect(refused).toMatchObject([{ error: { code: "conflict" } }]);
    expect(gone).toEqual([{ digest, status: "deleted" }]);
    expect(repository.manifests.size).toBe(0);
  });

  it("leaves its package when something came that the list does not show yet", async () => {
    const { registry, repository, seed, clock } = await open(
      { lagMs: 5000 },
      [{ when: isDelete, times: 1, before: () => void seedContent(repository, newer, ["2.0"]) }],
      { "github-delete-packages": "true" },
    );
    const newer = imageOf({ labels: { n: "newer" } });
    const digest = seed(imageOf(), ["1.0"]);
    await clock.sleep(5000);

    const outcomes = await Array.fromAsync(registry.deleteManifests(REPOSITORY, [digest]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
    expect([...repository.tags.keys()]).toEqual(["1.0", "2.0"]);
  });

  it("is not called deleted when its package is hidden from who may not delete that", async () => {
    const { registry, repository, seed } = await open(
      {},
      [{ when: isPackageDelete, fault: { kind: "status", status: 404 } }],
      { "github-delete-packages": "true" },
    );
    const digest = seed(imageOf(), ["1.0"]);

    const outcomes = await Array.fromAsync(registry.deleteManifests(REPOSITORY, [digest]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "denied" } }]);
    expect([...repository.tags.keys()]).toEqual(["1.0"]);
  });

  it("that was downloaded too often is refused", async () => {
    const { digest } = imageOf();
    const { registry, seed } = await open({ popular: new Set([digest]) });
    seed(imageOf(), ["1.0"]);
    seed(imageOf({ labels: { n: "other" } }), ["other"]);

    const outcomes = await Array.fromAsync(registry.deleteManifests(REPOSITORY, [digest]));

    expect(outcomes).toMatchObject([{ error: { code: "conflict" } }]);
    expect(hintOf(outcomes)).toContain("5000 downloads");
  });

  it("that is hidden from who may not delete it is denied, not deleted", async () => {
    const scopes = ["read:packages", "write:packages", "delete:packages"];
    const { registry, repository, seed } = await open({
      tokens: [{ token: TOKEN, login: "ann", scopes, role: "read" }],
    });
    const digest = seed(imageOf(), ["1.0"]);

    const outcomes = await Array.fromAsync(registry.deleteManifests(REPOSITORY, [digest]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "denied", status: 404 } }]);
    expect(repository.tags.size).toBe(1);
  });

  it("without the scope is denied, and the scope is named", async () => {
    const { registry, seed } = await open({
      tokens: [{ token: TOKEN, login: "ann", scopes: ["read:packages"] }],
    });
    const digest = seed(imageOf(), ["1.0"]);

    const outcomes = await Array.fromAsync(registry.deleteManifests(REPOSITORY, [digest]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "denied", status: 403 } }]);
    expect(hintOf(outcomes)).toContain("Accepted here: delete:packages");
  });

  it("that the list does not show yet is waited for", async () => {
    const { registry, seed } = await open({ lagMs: 5000 });
    const digest = seed(imageOf(), ["1.0"]);
    seed(imageOf({ labels: { n: "other" } }), ["other"]);

    const outcomes = await Array.fromAsync(registry.deleteManifests(REPOSITORY, [digest]));

    expect(outcomes).toEqual([{ digest, status: "deleted" }]);
  });
});

describe("one tag among several", () => {
  it.each([0, 5000])("goes alone, by a list that lags %d ms", async (lagMs) => {
    const { registry, repository, seed, http } = await open({ lagMs });
    const digest = seed(imageOf(), ["1.0", "latest", "stable"]);

    const outcomes = await Array.fromAsync(registry.deleteTags(REPOSITORY, ["latest", "stable"]));

    expect(outcomes.map(({ status }) => status)).toEqual(["deleted", "deleted"]);
    expect([...repository.tags]).toEqual([["1.0", digest]]);
    expect([...repository.manifests.keys()]).toEqual([digest]);
    expect(http.sent.filter(({ method }) => method === "DELETE")).toHaveLength(2);
  });

  it.each<[string, FaultRule]>([
    ["its version cannot be deleted", { when: isDelete, fault: { kind: "status", status: 403 } }],
    ["the list breaks off", { when: listsAfterPut(), fault: { kind: "status", status: 500 } }],
    ["its version never appears", { when: listsAfterPut(), fault: { kind: "broken-json" } }],
  ])("is put back when %s", async (_, rule) => {
    const { registry, repository, seed, http } = await open({}, [rule]);
    const digest = seed(imageOf(), ["1.0", "latest"]);

    const outcomes = await Array.fromAsync(registry.deleteTags(REPOSITORY, ["latest"]));

    expect(outcomes).toMatchObject([{ tag: "latest", status: "failed" }]);
    expect(http.sent.filter(({ method, url }) => isManifestPut(method, url))).toHaveLength(2);
    expect(Object.fromEntries(repository.tags)).toEqual({ "1.0": digest, latest: digest });
  });

  it("does not come back because the API still shows it beside the next one", async () => {
    const clock = virtualClock();
    const fake = createFakeGithub({ now: () => clock.now().getTime() });
    const repository = repositoryIn(fake.state, REPOSITORY.name);
    const digest = seedContent(repository, imageOf(), ["1.0", "latest", "stable"]);
    const { registry } = await openOver(
      {
        handle: async (request) => {
          const answer = await fake.handle(request);
          const isVersion = /\/versions\/\d+$/.test(request.path) && request.method === "GET";
          const text = new TextDecoder().decode(answer.body);
          if (!isVersion || !text.includes(digest)) return answer;
          const stale = text.replace(/"tags":\[[^\]]*\]/, '"tags":["1.0","latest","stable"]');
          return { ...answer, body: new TextEncoder().encode(stale) };
        },
      },
      { clock },
    );

    const outcomes = await Array.fromAsync(registry.deleteTags(REPOSITORY, ["latest", "stable"]));

    expect(outcomes.map(({ status }) => status)).toEqual(["deleted", "deleted"]);
    expect([...repository.tags]).toEqual([["1.0", digest]]);
  });

  it("is put back when the run is interrupted half-way", async () => {
    const abort = new AbortController();
    const reason = new Error("stopped");
    const { registry, repository, seed } = await open({}, [
      { when: listsAfterPut(), before: () => abort.abort(reason) },
    ]);
    const digest = seed(imageOf(), ["1.0", "latest"]);

    const outcomes = Array.fromAsync(
      registry.deleteTags(REPOSITORY, ["latest"], { signal: abort.signal }),
    );

    await expect(outcomes).rejects.toBe(reason);
    expect(Object.fromEntries(repository.tags)).toEqual({ "1.0": digest, latest: digest });
  });

  it("is left where somebody else put it meanwhile", async () => {
    const moved = imageOf({ labels: { n: "moved" } });
    const { registry, repository, seed } = await open({}, [
      { when: isDelete, fault: { kind: "status", status: 403 }, before: () => move() },
    ]);
    seed(imageOf(), ["1.0", "latest"]);
    const move = (): void => void seedContent(repository, moved, ["latest"]);

    await Array.fromAsync(registry.deleteTags(REPOSITORY, ["latest"]));

    expect(repository.tags.get("latest")).toBe(moved.digest);
  });

  it("looks like no image while it waits", async () => {
    let seen = "";
    const { registry, repository, seed } = await open({}, [
      { when: isDelete, before: () => void (seen = textOf(repository, "latest")) },
    ]);
    const digest = seed(imageOf(), ["1.0", "latest"]);

    await Array.fromAsync(registry.deleteTags(REPOSITORY, ["latest"]));

    expect(JSON.parse(seen)).toMatchObject({
      artifactType: "application/vnd.tidemark.untagged.v1",
      config: { mediaType: "application/vnd.oci.empty.v1+json" },
      annotations: { "tidemark.untagged.tag": "latest", "tidemark.untagged.digest": digest },
    });
  });
});

describe("undelete", () => {
  it("brings a version back with its tags, and says what is not there", async () => {
    const { registry, repository, seed } = await open();
    const digest = seed(imageOf(), ["1.0", "latest"]);
    seed(imageOf({ labels: { n: "other" } }), ["other"]);
    await Array.fromAsync(registry.deleteManifests(REPOSITORY, [digest]));
    const absent: Digest = `sha256:${"0".repeat(64)}`;

    const outcomes = await Array.fromAsync(
      registry.undelete(REPOSITORY, [
        { digest, tags: ["1.0", "latest"] },
        { digest: absent, tags: [] },
      ]),
    );

    expect(outcomes.toSorted((a) => (a.digest === digest ? -1 : 1))).toMatchObject([
      { digest, status: "restored" },
      { digest: absent, status: "failed", error: { code: "not-found" } },
    ]);
    expect(repository.tags.get("latest")).toBe(digest);
  });

  it("brings a package back that went with its last version", async () => {
    const { registry, repository, seed } = await open({}, [], { "github-delete-packages": "true" });
    const digest = seed(imageOf(), ["1.0"]);
    await Array.fromAsync(registry.deleteManifests(REPOSITORY, [digest]));

    const outcomes = await Array.fromAsync(
      registry.undelete(REPOSITORY, [{ digest, tags: ["1.0"] }]),
    );

    expect(outcomes).toEqual([{ digest, status: "restored" }]);
    expect([...repository.tags]).toEqual([["1.0", digest]]);
  });

  it("leaves a tag that points elsewhere by now", async () => {
    const { registry, repository, seed } = await open();
    const digest = seed(imageOf(), ["latest"]);
    seed(imageOf({ labels: { n: "other" } }), ["other"]);
    await Array.fromAsync(registry.deleteManifests(REPOSITORY, [digest]));
    const newer = seed(imageOf({ labels: { n: "newer" } }), ["latest"]);

    const outcomes = await Array.fromAsync(
      registry.undelete(REPOSITORY, [{ digest, tags: ["latest"] }]),
    );

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "conflict" } }]);
    expect(repository.tags.get("latest")).toBe(newer);
    expect(repository.manifests.has(digest)).toBe(true);
  });
});

interface World extends Opened {
  readonly repository: RepositoryState;
  readonly seed: (content: ReturnType<typeof imageOf>, tags: readonly string[]) => Digest;
}

async function open(
  traits: GithubTraits = {},
  rules: readonly FaultRule[] = [],
  options: Readonly<Record<string, string>> = {},
): Promise<World> {
  const clock = virtualClock();
  const fake = createFakeGithub({ ...traits, now: () => clock.now().getTime() });
  const repository = repositoryIn(fake.state, REPOSITORY.name);
  const opened = await openOver(withFaults(fake, ...rules), {
    clock,
    options: { "github-token": TOKEN, ...options },
  });
  return {
    ...opened,
    repository,
    seed: (content, tags) => seedContent(repository, content, tags),
  };
}

function isDelete({ method }: { readonly method: string }): boolean {
  return method === "DELETE";
}

function isPackageDelete({
  method,
  path,
}: {
  readonly method: string;
  readonly path: string;
}): boolean {
  return method === "DELETE" && !path.includes("/versions/");
}

/** Looks for the version that a tag was given of its own: a listing after the placeholder came. */
function listsAfterPut(): NonNullable<FaultRule["when"]> {
  let wasPut = false;
  return ({ method, path }) => {
    wasPut ||= method === "PUT" && path.includes("/manifests/");
    return wasPut && method === "GET" && path.endsWith("/versions");
  };
}

function isManifestPut(method: string, url: string): boolean {
  return method === "PUT" && url.includes("/manifests/");
}

function textOf({ tags, manifests }: RepositoryState, tag: string): string {
  const digest = tags.get(tag);
  const manifest = digest === undefined ? undefined : manifests.get(digest);
  return new TextDecoder().decode(manifest?.bytes);
}

function hintOf(outcomes: readonly unknown[]): string {
  const [first] = outcomes;
  if (typeof first !== "object" || first === null || !("error" in first)) return "";
  const { error } = first;
  return error instanceof Error && "hint" in error ? String(error.hint) : "";
}
