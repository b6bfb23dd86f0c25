import { describe, expect, it } from "vitest";
import type { Digest } from "../../src/oci/digest.ts";
import type { RegistryErrorCode } from "../../src/registry/error.ts";
import type { DeletionOutcome, TagOutcome } from "../../src/registry/registry.ts";
import type { Fault } from "../fakes/faults.ts";
import { imageOf } from "../fakes/seed.ts";
import { codeOf, deletionOf, tagsOf } from "./harness.ts";
import type { Harness, LearnedSubject } from "./harness.ts";

type Case = readonly [name: string, fault: Fault, codes: readonly RegistryErrorCode[]];

/** The registry did nothing, and says so in one of these ways. */
const REFUSALS: readonly Case[] = [
  ["401", { kind: "status", status: 401 }, ["unauthorized", "denied"]],
  ["403", { kind: "status", status: 403 }, ["denied"]],
  ["403 with a code", { kind: "status", status: 403, code: "DENIED" }, ["denied"]],
  // What is still there all the same is hidden from these credentials.
  ["404", { kind: "status", status: 404 }, ["denied", "not-found", "protocol", "unsupported"]],
  ["a proxy's 404", { kind: "html", status: 404 }, ["denied", "not-found", "protocol"]],
  ["409", { kind: "status", status: 409 }, ["conflict"]],
  ["412", { kind: "status", status: 412 }, ["conflict"]],
  ["429", { kind: "throttled" }, ["rate-limited"]],
  ["429 with seconds", { kind: "throttled", retryAfter: "1" }, ["rate-limited"]],
  ["500", { kind: "status", status: 500 }, ["unavailable"]],
  ["503", { kind: "status", status: 503 }, ["unavailable"]],
  ["a proxy's 502", { kind: "html", status: 502 }, ["unavailable"]],
  ["a reset connection", { kind: "reset" }, ["unavailable"]],
  ["a proxy's page", { kind: "html", status: 200 }, ["protocol", "denied", "unavailable"]],
];

/** The registry did its work, and its answer was lost on the way. */
const LOST: readonly (readonly [string, Fault])[] = [
  ["a lost answer", { kind: "reset-after" }],
  ["broken JSON", { kind: "broken-json" }],
  ["a cut answer", { kind: "cut-body" }],
];

/** Deletions that fail: nothing is lost, and nothing counts as deleted that is still there. */
export function describeDeletionFaults(subject: LearnedSubject): void {
  const { learned, openFaulty: open } = subject;
  if (open === undefined) return;
  const isDeletion = deletionOf(subject);
  const empty: Case = ["an empty answer", { kind: "status", status: 200 }, ["protocol", "denied"]];

  describe.runIf(learned.manifestDeletion !== "none")("deleteManifests that fails", () => {
    // Where every item has a request of its own, an empty success is one.
    const batches = learned.deletionBatchSize > 1 ? [empty] : [];
    it.each([...REFUSALS, ...batches])("%s: all stays, in its class", async (_, fault, codes) => {
      await using harness = await open({ when: isDeletion, fault });
      const { digests, options } = await seedPair(harness);

      const outcomes = await settle(harness, digests, options);

      expect(outcomes).toHaveLength(digests.length);
      expect(outcomes.map(classOf).filter((code) => !isOneOf(codes, code))).toEqual([]);
      expect(await tagsOf(harness)).toEqual(["1.0", "2.0", "latest"]);
      const left = await Promise.all(digests.map((digest) => isThere(harness, digest)));
      expect(left).toEqual([true, true]);
    });

    it.each(LOST)("%s: nothing counts as deleted that is there", async (_, fault) => {
      await using harness = await open({ when: isDeletion, fault });
      const { digests, options } = await seedPair(harness);

      const outcomes = await settle(harness, digests, options);

      expect(await liesOf(harness, outcomes)).toEqual([]);
    });

    it.each([
      ["429", { kind: "throttled" }],
      ["429 with seconds", { kind: "throttled", retryAfter: "2" }],
      ["429 with a date", { kind: "throttled", retryAfter: "Thu, 01 Jan 2015 00:00:00 GMT" }],
      ...LOST,
    ] as const)("%s once: what counts as deleted is gone", async (_, fault) => {
      await using harness = await open({ when: isDeletion, times: 1, fault });
      const { digests, options } = await seedPair(harness);

      const outcomes = await settle(harness, digests, options);

      expect(await liesOf(harness, outcomes)).toEqual([]);
      const settled = outcomes.filter(({ status }) => status === "deleted").length;
      expect(settled).toBeGreaterThanOrEqual(fault.kind === "throttled" ? 2 : 0);
    });

    it("goes on with a new token when the old one has run out", async () => {
      let expire = (): void => undefined;
      const once = (): void => {
        expire();
        expire = () => undefined;
      };
      await using harness = await open({ when: isDeletion, before: once });
      const first = await harness.seed(imageOf(), { tags: ["first"] });
      await settle(harness, [first], { tags: new Map([[first, ["first"]]]) });
      const { digests, options } = await seedPair(harness);
      expire = harness.expireTokens;

      const outcomes = await settle(harness, digests, options);

      expect(outcomes.map(classOf)).toEqual(["deleted", "deleted"]);
      expect(await liesOf(harness, outcomes)).toEqual([]);
    });
  });

  describe.runIf(learned.tagDeletion !== "none")("deleteTags that fails", () => {
    const batches = learned.tagBatchSize > 1 ? [empty] : [];
    it.each([...REFUSALS, ...batches])("%s: the tag stays, and its sibling", async (_, fault) => {
      await using harness = await open({ when: isDeletion, fault });
      const { registry, repository } = harness;
      const digest = await harness.seed(imageOf(), { tags: ["1.0", "latest"] });

      const [outcome] = await Array.fromAsync(registry.deleteTags(repository, ["latest"]));

      expect(classOf(outcome)).not.toBe("deleted");
      expect(await tagsOf(harness)).toEqual(["1.0", "latest"]);
      expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(digest);
    });

    it.each(LOST)(
      "%s: a tag that counts as deleted is gone, its sibling stays",
      async (_, fault) => {
        await using harness = await open({ when: isDeletion, fault });
        const { registry, repository } = harness;
        const digest = await harness.seed(imageOf(), { tags: ["1.0", "latest"] });

        const [outcome] = await Array.fromAsync(registry.deleteTags(repository, ["latest"]));

        const left = await tagsOf(harness);
        const whole = outcome?.status === "deleted" ? [] : [["1.0", "latest"]];
        expect([["1.0"], ...whole]).toContainEqual(left);
        expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(digest);
      },
    );
  });
}

interface Pair {
  readonly digests: readonly Digest[];
  readonly options: { readonly tags: ReadonlyMap<Digest, readonly string[]> };
}

async function seedPair({ seed }: Harness): Promise<Pair> {
  const one = await seed(imageOf({ labels: { n: "1" } }), { tags: ["1.0", "latest"] });
  const two = await seed(imageOf({ labels: { n: "2" } }), { tags: ["2.0"] });
  const tags = new Map([
    [one, ["1.0", "latest"]],
    [two, ["2.0"]],
  ]);
  return { digests: [one, two], options: { tags } };
}

function settle(
  { registry, repository }: Harness,
  digests: readonly Digest[],
  options: Pair["options"],
): Promise<DeletionOutcome[]> {
  return Array.fromAsync(registry.deleteManifests(repository, digests, options));
}

function classOf(outcome: DeletionOutcome | TagOutcome | undefined): string | undefined {
  return outcome?.status === "failed" ? codeOf(outcome.error) : outcome?.status;
}

/** What counts as deleted and is there. */
async function liesOf(harness: Harness, outcomes: readonly DeletionOutcome[]): Promise<Digest[]> {
  const told = outcomes.filter(({ status }) => status === "deleted").map(({ digest }) => digest);
  const left = await Promise.all(told.map((digest) => isThere(harness, digest)));
  return told.filter((_, at) => left[at]);
}

function isOneOf(codes: readonly string[], code: string | undefined): boolean {
  return code !== undefined && codes.includes(code);
}

async function isThere({ registry, repository }: Harness, digest: Digest): Promise<boolean> {
  return (await registry.resolve({ ...repository, digest })) !== undefined;
}
