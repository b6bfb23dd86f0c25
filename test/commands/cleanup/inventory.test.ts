import { describe, expect, it } from "vitest";
import { listTags, resolveTags } from "../../../src/commands/cleanup/inventory.ts";
import type { Capabilities } from "../../../src/registry/capabilities.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { RegistryError, UNREADABLE_DIRECTORY } from "../../../src/registry/error.ts";
import type { Registry, TagEntry } from "../../../src/registry/registry.ts";
import { capabilities } from "../../../adapters/default/capabilities.ts";
import { classifyTag } from "../../../src/stages/tag.ts";

const REPOSITORY = { host: "reg.test", name: "shop" };
const DIGEST = `sha256:${"1".repeat(64)}` as const;
const MOVED = `sha256:${"2".repeat(64)}` as const;
const STAGE = `${"a".repeat(56)}-1700000000000`;
type Listing = Pick<Registry, "capabilities" | "listTags">;

const deps = { report: () => undefined, signal: new AbortController().signal, parallel: 2 };

describe("listTags", () => {
  it("reads a listing by cursor once", async () => {
    const registry = registryWith([["a"], ["a", "b"]], { listingPaging: "cursor" });

    expect(await tagsOf(registry)).toEqual(["a"]);
  });

  it("reads a listing by offset until two readings agree", async () => {
    const readings = [["a"], ["a", "b"], ["b", "a"], ["c"]];
    const registry = registryWith(readings, { listingPaging: "offset" });

    expect(await tagsOf(registry)).toEqual(["b", "a"]);
  });

  it("gives up a listing that never agrees with itself", async () => {
    const readings = [["a"], ["b"], ["c"], ["d"], ["e"], ["e"]];
    const registry = registryWith(readings, { listingPaging: "offset" });

    await expect(tagsOf(registry)).rejects.toMatchObject({
      name: "GuardError",
      guard: "incomplete-listing",
    });
  });

  it("takes a listing that makes no sense for a cut one", async () => {
    const registry = registryFailing(new RegistryError("protocol", "it loops"));

    await expect(tagsOf(registry)).rejects.toMatchObject({ guard: "incomplete-listing" });
  });

  it.each([
    new RegistryError("unavailable", "gone"),
    new RegistryError("protocol", "broken", { registryCode: UNREADABLE_DIRECTORY }),
  ])("passes any other error on: $message", async (error) => {
    await expect(tagsOf(registryFailing(error))).rejects.toBe(error);
  });
});

describe("resolveTags", () => {
  it("asks for the digests that the listing lacks", async () => {
    const registry = resolving({ notes: DIGEST });
    const listing = [{ tag: "notes" }, { tag: STAGE, digest: MOVED }, { tag: "gone" }];

    expect(await resolveTags(registry, REPOSITORY, listing, deps)).toEqual([
      { tag: "notes", class: { kind: "foreign" }, digest: DIGEST, mediaType: "m" },
      { tag: STAGE, class: classifyTag(STAGE), digest: MOVED },
      { tag: "gone", class: { kind: "foreign" } },
    ]);
  });

  it("asks again only for tags that can move", async () => {
    const known = new Map(
      [STAGE, "notes"].map((tag) => [tag, { tag, class: classifyTag(tag), digest: DIGEST }]),
    );
    const registry = resolving({ [STAGE]: MOVED, notes: MOVED });
    const listing = [{ tag: STAGE }, { tag: "notes" }];

    const found = await resolveTags(registry, REPOSITORY, listing, { ...deps, known });

    expect(found.map(({ digest }) => digest)).toEqual([DIGEST, MOVED]);
  });

  it("believes a listing that tells another digest, whatever was known", async () => {
    const known = new Map([[STAGE, { tag: STAGE, class: classifyTag(STAGE), digest: DIGEST }]]);
    const listing = [{ tag: STAGE, digest: MOVED }];

    const [found] = await resolveTags(resolving({}), REPOSITORY, listing, { ...deps, known });

    expect(found?.digest).toBe(MOVED);
  });
});

async function tagsOf(registry: Listing): Promise<string[]> {
  return (await listTags(registry, REPOSITORY, deps)).map(({ tag }) => tag);
}

/** Lists one reading after the other. */
function registryWith(
  readings: readonly (readonly string[])[],
  differences: Partial<Capabilities>,
): Listing {
  const left = readings.map((tags) => tags.map((tag): TagEntry => ({ tag })));
  return {
    capabilities: { ...capabilities, ...differences },
    async *listTags() {
      yield* left.shift() ?? [];
    },
  };
}

function registryFailing(error: RegistryError): Listing {
  return {
    capabilities,
    listTags: () => ({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }),
    }),
  };
}

function resolving(digests: Readonly<Record<string, Digest>>): Pick<Registry, "resolve"> {
  return {
    resolve: (reference) => {
      const digest = "tag" in reference ? digests[reference.tag] : undefined;
      if (digest === undefined) return Promise.resolve(undefined);
      return Promise.resolve({ digest, mediaType: "m", size: 1 });
    },
  };
}
