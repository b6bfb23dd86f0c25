import { describe, expect, it } from "vitest";
import type { Capabilities } from "../../src/registry/capabilities.ts";
import { imageOf } from "../fakes/seed.ts";
import { ABSENT, inChunks, listingOf } from "./harness.ts";
import type { Harness, LearnedSubject } from "./harness.ts";

const REASON = new Error("the user pressed ctrl-c");

export function describeCancellation(subject: LearnedSubject): void {
  const { open, openFaulty, pageSize, learned, pages } = subject;
  describe("an aborted signal", () => {
    it.each([...calls, ...callsOf(learned)])(
      "keeps %s from sending anything, and is its reason",
      async (_, call) => {
        await using harness = await open();
        await harness.seed(imageOf(), { tags: ["1.0"] });
        const before = harness.requests();

        const outcome = call(harness, AbortSignal.abort(REASON));

        await expect(outcome).rejects.toBe(REASON);
        expect(harness.requests()).toBe(before);
      },
    );
  });

  if (openFaulty === undefined) return;

  describe("a signal that aborts on the way", () => {
    it.runIf(pages)("stops paging", async () => {
      const abort = new AbortController();
      const isListing = listingOf(subject);
      let seen = 0;
      await using harness = await openFaulty({
        when: (request) => isListing(request) && ++seen > 1,
        before: () => abort.abort(REASON),
      });
      const { registry, repository } = harness;
      const tags = Array.from({ length: 3 * pageSize }, (_, at) => `build-${at}`);
      await harness.seed(imageOf(), { tags });

      const listed = Array.fromAsync(registry.listTags(repository, { signal: abort.signal }));

      await expect(listed).rejects.toBe(REASON);
    });

    it("stops retries", async () => {
      const abort = new AbortController();
      await using harness = await openFaulty({
        fault: { kind: "status", status: 503 },
        before: () => abort.abort(REASON),
      });
      const { registry, repository } = harness;

      const resolved = registry.resolve({ ...repository, tag: "1.0" }, { signal: abort.signal });

      await expect(resolved).rejects.toBe(REASON);
      expect(harness.received()).toBe(1);
    });
  });
}

type Call = (harness: Harness, signal: AbortSignal) => Promise<unknown>;

/** Those that not every registry has. */
function callsOf({ repositoryListing, tagDeletion, undelete }: Capabilities): [string, Call][] {
  const lists: [string, Call] = [
    "listRepositories",
    ({ registry, repository }, signal) =>
      Array.fromAsync(registry.listRepositories(repository.name, { signal })),
  ];
  const untags: [string, Call] = [
    "deleteTags",
    ({ registry, repository }, signal) =>
      Array.fromAsync(registry.deleteTags(repository, ["1.0"], { signal })),
  ];
  const restores: [string, Call] = [
    "undelete",
    ({ registry, repository }, signal) =>
      Array.fromAsync(registry.undelete(repository, [{ digest: ABSENT, tags: [] }], { signal })),
  ];
  return [
    ...(repositoryListing ? [lists] : []),
    ...(tagDeletion === "none" ? [] : [untags]),
    ...(undelete === "none" ? [] : [restores]),
  ];
}

const calls: [string, Call][] = [
  [
    "checkRights",
    ({ registry, repository }, signal) => registry.checkRights(repository, { signal }),
  ],
  [
    "listTags",
    ({ registry, repository }, signal) =>
      Array.fromAsync(registry.listTags(repository, { signal })),
  ],
  [
    "resolve",
    ({ registry, repository }, signal) =>
      registry.resolve({ ...repository, tag: "1.0" }, { signal }),
  ],
  [
    "getManifest",
    ({ registry, repository }, signal) =>
      registry.getManifest({ ...repository, tag: "1.0" }, { signal }),
  ],
  [
    "putManifest",
    ({ registry, repository }, signal) =>
      registry.putManifest({ ...repository, tag: "2.0" }, imageOf(), { signal }),
  ],
  [
    "hasBlob",
    ({ registry, repository }, signal) => registry.hasBlob(repository, ABSENT, { signal }),
  ],
  [
    "getBlob",
    ({ registry, repository }, signal) => registry.getBlob(repository, ABSENT, { signal }),
  ],
  [
    "putBlob",
    ({ registry, repository }, signal) => {
      const blob = { digest: ABSENT, size: 1 } as const;
      return registry.putBlob(repository, blob, inChunks(new Uint8Array(1)), { signal });
    },
  ],
  [
    "mountBlob",
    ({ registry, repository, sibling }, signal) =>
      registry.mountBlob(repository, ABSENT, sibling, { signal }),
  ],
  [
    "listReferrers",
    ({ registry, repository }, signal) =>
      Array.fromAsync(registry.listReferrers({ ...repository, digest: ABSENT }, { signal })),
  ],
  [
    "deleteManifests",
    ({ registry, repository }, signal) =>
      Array.fromAsync(registry.deleteManifests(repository, [ABSENT], { signal })),
  ],
];
