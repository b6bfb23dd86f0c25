import { describe, expect, it } from "vitest";
import type { Capabilities } from "../../src/registry/capabilities.ts";
import type { LearnedSubject } from "./harness.ts";

type Values<Value> =
  | readonly Value[]
  | "a positive whole number"
  | "some of tags, children, referrers";

/** What each field of the record may say. A field without a position here does not compile. */
const POSITIONS: { readonly [Field in keyof Capabilities]: Values<Capabilities[Field]> } = {
  nestedRepositories: [true, false],
  repositoryCreation: ["implicit", "explicit"],
  repositoryListing: [true, false],
  tagDeletion: ["distribution", "native", "probe", "none"],
  manifestDeletion: ["distribution", "native", "none"],
  tagBatchSize: "a positive whole number",
  deletionBatchSize: "a positive whole number",
  listing: ["names", "digests", "digests-and-times"],
  listingPaging: ["cursor", "offset"],
  // Who reads it asks for untagged manifests; until then it is a position and no more.
  untaggedListing: [true, false],
  deletionCascade: "some of tags, children, referrers",
  refusesTagged: [true, false],
  lastTagTakesManifest: [true, false],
  untaggedPut: [true, false],
  referrers: ["api", "fallback-tag", "probe"],
  refusesIndexChildren: [true, false],
  immutableTags: [true, false],
  undelete: ["native", "none"],
  // No method reads it yet.
  serverCopy: [true, false],
  garbageCollection: ["client", "server"],
};

export function describeRecord({ capabilities, learned, open }: LearnedSubject): void {
  describe("the record", () => {
    it.each(Object.entries(POSITIONS))("takes a position on %s", (field, allowed) => {
      const position = new Map(Object.entries(capabilities)).get(field);

      if (Array.isArray(allowed)) expect(allowed).toContain(position);
      else if (allowed === "a positive whole number") {
        expect(position).toBeTypeOf("number");
        expect(Number.isInteger(position) && Number(position) > 0).toBe(true);
      } else {
        const known = expect.stringMatching(/^(?:tags|children|referrers)$/);
        expect(position).toSatisfy(
          (list) => Array.isArray(list) && new Set(list).size === list.length,
        );
        for (const part of capabilities.deletionCascade) expect(part).toEqual(known);
      }
    });

    it("has no field that nobody knows", () => {
      expect(Object.keys(capabilities).toSorted()).toEqual(Object.keys(POSITIONS).toSorted());
      expect(Object.keys(learned).toSorted()).toEqual(Object.keys(POSITIONS).toSorted());
    });

    it("has batches only where there is a deletion to batch", () => {
      const { tagDeletion, tagBatchSize, manifestDeletion, deletionBatchSize } = learned;
      if (tagDeletion === "none") expect(tagBatchSize).toBe(1);
      if (manifestDeletion === "none") expect(deletionBatchSize).toBe(1);
    });

    it("is the one an opened registry has", async () => {
      await using harness = await open();

      expect(harness.registry.capabilities).toEqual(capabilities);
    });
  });
}
