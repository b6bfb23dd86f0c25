import { describe, expect, it } from "vitest";

import { imageOf, indexOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import { createState, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import { audit } from "../../../src/commands/audit/audit.ts";
import { findLostBlobs } from "../../../src/commands/audit/lost-blobs.ts";
import type { Audit } from "../../../src/engine/audit/audit.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import { RegistryError } from "../../../src/registry/error.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import { cleanupPolicy } from "../../properties/ask.ts";
import type { Ask } from "../../properties/ask.ts";
import { createMemoryRegistry, failure } from "../../properties/memory-registry.ts";
import type { MemoryOptions } from "../../properties/memory-registry.ts";
import { REPOSITORY, depsOf } from "../../properties/run.ts";

const ASK: Ask = { project: "shop", now: 0, hours: 0, keepList: new Set(), git: undefined };
const ONE = imageOf({ labels: { number: "one" }, layers: ["base", "one"] });
const TWO = imageOf({ labels: { number: "two" }, layers: ["base", "two"] });

describe("an image whose config is not there", () => {
  it("is found where it is read, and is no warning besides", async () => {
    const { faults, warnings } = await run([[ONE, "web"]], { lost: [configOf(ONE)] });

    expect(faults).toEqual([["incomplete-image", "web"]]);
    expect(warnings.filter((line) => line.includes("cannot be read"))).toEqual([]);
  });

  it("is no fault when a second look finds it", async () => {
    let looks = 0;
    const before: MemoryOptions["before"] = ({ op, key }) => {
      if (op !== "blob" || key !== configOf(ONE)) return;
      looks += 1;
      if (looks === 1) throw failure("not-found", key);
    };

    const { faults, warnings } = await run([[ONE, "web"]], { before });

    expect(looks).toBe(2);
    expect(faults).toEqual([]);
    expect(warnings.filter((line) => line.includes("cannot be read"))).toEqual([]);
  });

  it("is no fault when it went with its image", async () => {
    const { faults } = await run([[ONE, "web"]], {
      before: ({ op, key }, state) => {
        if (op !== "blob" || key !== configOf(ONE)) return;
        state.tags.clear();
        state.manifests.clear();
        state.blobs.clear();
      },
    });

    expect(faults).toEqual([]);
  });

  it("is no fault when only the image went, and its tag leads elsewhere by then", async () => {
    const { faults } = await run([[ONE, "web"]], {
      before: ({ op, key }, state) => {
        if (op !== "blob" || key !== configOf(ONE) || !state.manifests.has(ONE.digest)) return;
        state.manifests.delete(ONE.digest);
        state.blobs.delete(configOf(ONE));
        seedContent(state, TWO, ["web"]);
      },
    });

    expect(faults).toEqual([]);
  });
});

describe("a layer that is not there", () => {
  const images: readonly (readonly [SeedContent, string])[] = [
    [ONE, "one"],
    [TWO, "two"],
    [indexOf([ONE, TWO]), "multi"],
  ];

  it("is not looked for unless that is asked", async () => {
    const { faults, heads } = await run(images, { lost: [layerOf(ONE)] });

    expect([faults, heads]).toEqual([[], []]);
  });

  it("is found once for all that lack it, and each blob is asked for once", async () => {
    const lost = layerOf(ONE);

    const { faults, messages, heads } = await run(images, { lost: [lost], checksBlobs: true });

    expect(faults).toEqual([["incomplete-image", "one"]]);
    expect(messages).toEqual([`one and two lack blob ${lost}, which the registry does not have.`]);
    const blobs = new Set([ONE, TWO].flatMap((image) => image.blobs.map(({ digest }) => digest)));
    expect(heads.toSorted()).toEqual([...blobs, lost].toSorted());
  });

  it("is no fault when a second look finds it", async () => {
    let looks = 0;
    const head = async (digest: Digest): Promise<boolean> => {
      looks += digest === layerOf(ONE) ? 1 : 0;
      return digest !== layerOf(ONE) || looks > 1;
    };

    const { faults } = await run(images, { head, checksBlobs: true });

    expect([looks, faults]).toEqual([2, []]);
  });

  it("is a warning where the registry does not say that it is not there", async () => {
    const head = async (digest: Digest): Promise<boolean> => {
      if (digest === layerOf(ONE)) throw new RegistryError("unavailable", "the storage is away");
      return true;
    };

    const { faults, warnings } = await run(images, { head, checksBlobs: true });

    expect(faults).toEqual([]);
    expect(warnings).toContain(
      `memory.test/shop/app: 1 blob could not be looked for, so nobody knows whether it is there: ${layerOf(ONE)} (the storage is away)`,
    );
  });

  it("is not looked for any longer where the registry answers no more, and what was found stays", async () => {
    const many = Array.from({ length: 30 }, (_, number): [SeedContent, string] => [
      imageOf({ labels: { number: String(number) }, layers: [`layer ${number}`] }),
      `tag-${number}`,
    ]);
    const first = many[0]?.[0] ?? ONE;
    let asked = 0;
    const head = async (digest: Digest): Promise<boolean> => {
      asked += 1;
      if (digest === configOf(first)) return false;
      throw new RegistryError("unauthorized", "the token is old");
    };

    const { faults, warnings } = await run(many, { head, checksBlobs: true });

    expect(faults).toEqual([["incomplete-image", "tag-0"]]);
    expect(asked).toBe(12);
    expect(warnings).toContain(
      "memory.test/shop/app: 10 blobs could not be looked for, and then no more were, so nobody knows whether the other 49 are there: the token is old",
    );
  });

  it("is looked for in the repository whose manifest names it", async () => {
    const state = stateOf([[ONE, "one"]]);
    const asked: string[] = [];
    const registry: Registry = {
      ...createMemoryRegistry(state),
      hasBlob: async ({ name }, digest) => {
        asked.push(`${name} ${digest}`);
        return true;
      },
    };
    const blobs = ONE.blobs.map(({ digest }) => ({ digest, size: 1 }));
    const content = { mediaType: "", kind: "image", size: 1, blobs, children: [] } as const;
    const homeOf = (repository: Repository): { registry: Registry; repository: Repository } => ({
      registry,
      repository,
    });
    const stages = homeOf(REPOSITORY);
    const records = homeOf({ ...REPOSITORY, name: "shop/records" });

    await findLostBlobs(
      {
        contents: new Map([
          [ONE.digest, content],
          [TWO.digest, content],
        ]),
        withoutConfig: new Map(),
        whereIs: (digest) => (digest === ONE.digest ? stages : records),
      },
      depsOf(registry, ASK, {}),
    );

    expect(asked.toSorted()).toEqual(
      ["shop/app", "shop/records"].flatMap((name) =>
        blobs.map(({ digest }) => `${name} ${digest}`).toSorted(),
      ),
    );
  });
});

interface World {
  readonly lost?: readonly Digest[];
  readonly checksBlobs?: boolean;
  readonly before?: (
    call: Parameters<NonNullable<MemoryOptions["before"]>>[0],
    state: RepositoryState,
  ) => void;
  readonly head?: (digest: Digest) => Promise<boolean>;
}

interface Found extends Pick<Audit, "warnings"> {
  readonly faults: readonly (readonly [string, string | undefined])[];
  readonly messages: readonly string[];
  /** Blobs that were asked for, as often as they were. */
  readonly heads: readonly Digest[];
}

async function run(
  images: readonly (readonly [SeedContent, string])[],
  { lost = [], checksBlobs = false, before, head }: World,
): Promise<Found> {
  const state = stateOf(images);
  for (const digest of lost) state.blobs.delete(digest);
  const heads: Digest[] = [];
  const memory = createMemoryRegistry(state, { before: (call) => before?.(call, state) });
  const registry: Registry = {
    ...memory,
    hasBlob: async (_, digest) => {
      heads.push(digest);
      return head === undefined ? state.blobs.has(digest) : head(digest);
    },
  };
  const { repository: _, ...policy } = cleanupPolicy(ASK, REPOSITORY);
  const targets = [{ kind: "repository", namespace: REPOSITORY, role: "repo" } as const];
  const request = { targets, policy, compare: false, checksBlobs };
  const { findings, warnings } = await audit(request, depsOf(registry, ASK, {}));
  return {
    faults: findings.map(({ rule, subject }) => [rule, subject]),
    messages: findings.map(({ message }) => message),
    warnings,
    heads,
  };
}

function stateOf(images: readonly (readonly [SeedContent, string])[]): RepositoryState {
  const state = repositoryIn(createState(), REPOSITORY.name);
  for (const [content, tag] of images) seedContent(state, content, [tag]);
  return state;
}

function configOf({ blobs }: SeedContent): Digest {
  return blobs[0]?.digest ?? `sha256:${"0".repeat(64)}`;
}

/** The first one, which images share. */
function layerOf({ blobs }: SeedContent): Digest {
  return blobs[1]?.digest ?? `sha256:${"0".repeat(64)}`;
}
