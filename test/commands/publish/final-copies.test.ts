import { expect, it } from "vitest";

import { createState, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { runPublish } from "../../../src/commands/publish/run-publish.ts";
import type { PublishDeps } from "../../../src/commands/publish/request.ts";
import { openNoLocks } from "../../../src/locks/no-locks.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import { depsOf } from "../../properties/run.ts";
import { DIGEST, NOW, imageNamed, push, sourceOf } from "./world.ts";

const OLD = `${DIGEST}-${NOW - 30 * 86_400_000}`;

it("an old stage that a cleanup takes from the final repository before it knows of the records is copied anew", async () => {
  const shop = repositoryIn(createState(), "shop");
  const final = repositoryIn(createState(), "final");
  for (const state of [shop, final]) push(state, sourceOf(), OLD);
  let isTaken = false;
  const primary = createMemoryRegistry(shop, {
    before({ op, key }) {
      if (isTaken || op !== "put" || !key.startsWith("meta-")) return;
      isTaken = true;
      final.tags.delete(OLD);
    },
  });
  const hasBlob = (_: unknown, digest: Digest) => Promise.resolve(final.blobs.has(digest));
  const other = { ...createMemoryRegistry(final), hasBlob };
  const ask = { project: "shop", now: NOW, hours: 0, keepList: new Set<string>(), git: undefined };
  const deps: PublishDeps = {
    ...depsOf(primary, ask, { now: () => new Date(NOW) }),
    openRegistry: ({ name }) => Promise.resolve(name === "final" ? other : primary),
    openLocks: () => Promise.resolve(openNoLocks()),
    random: () => 0,
  };
  const repositories = {
    primary: { host: "memory.test", name: "shop" },
    final: { host: "memory.test", name: "final" },
  };

  const { images } = await runPublish(
    {
      publish: {
        project: "shop",
        version: "tidemark 0",
        repositories: { ...repositories, caches: [], secondaries: [] },
        images: [imageNamed("app", { stageDigest: DIGEST })],
        lock: { synchronization: { kind: "none" }, waitMs: 1_000, otherwise: "lock-free" },
        checksBlobs: false,
      },
      records: {
        project: "shop",
        ...repositories,
        records: { names: true, commits: ["c".repeat(40)] },
        customTags: [],
        allow: new Set(),
      },
    },
    deps,
  );

  const [copy] = images[0]?.final?.stages ?? [];
  expect(isTaken).toBe(true);
  expect(copy?.stageId).toBe(OLD);
  expect(final.tags.get(OLD)).toBe(copy?.digest);
});
