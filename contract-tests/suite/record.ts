import { describe, expect, it } from "vitest";
import type { Capabilities } from "../../src/registry/capabilities.ts";
import type { LearnedSubject } from "./harness.ts";

/** What each field of the record may say. A field without a position here does not compile. */
const POSITIONS: { readonly [Field in keyof Capabilities]: (value: unknown) => boolean } = {
  nestedRepositories: oneOf(true, false),
  repositoryComponents: isNumberOfComponents,
  names: isNameRule,
  repositoryCreation: oneOf("implicit", "explicit"),
  repositoryListing: oneOf(true, false),
  tagDeletion: oneOf("distribution", "native", "probe", "none"),
  manifestDeletion: oneOf("distribution", "native", "none"),
  tagBatchSize: isCount,
  deletionBatchSize: isCount,
  listing: oneOf("names", "digests", "digests-and-times"),
  listingPaging: oneOf("cursor", "offset"),
  untaggedListing: oneOf(true, false),
  deletionCascade: isCascade,
  refusesTagged: oneOf(true, false),
  lastTagTakesManifest: oneOf(true, false),
  untaggedPut: oneOf(true, false),
  chunkedUploads: oneOf(true, false),
  referrers: oneOf("api", "fallback-tag", "probe"),
  refusesIndexChildren: oneOf(true, false),
  immutableTags: oneOf(true, false),
  undelete: oneOf("native", "none"),
  serverCopy: oneOf(true, false),
  garbageCollection: oneOf("client", "server"),
};

export function describeRecord({ capabilities, learned, open }: LearnedSubject): void {
  describe("the record", () => {
    it.each(Object.keys(POSITIONS))("takes a position on %s", (field) => {
      expect(positionsOf(capabilities)).toHaveProperty(field, true);
    });

    it("counts the components of a name exactly where names cannot be nested", () => {
      expect(capabilities.repositoryComponents > 0).toBe(!capabilities.nestedRepositories);
    });

    it("has no field that nobody knows", () => {
      expect(Object.keys(capabilities).toSorted()).toEqual(Object.keys(POSITIONS).toSorted());
      expect(Object.keys(learned).toSorted()).toEqual(Object.keys(POSITIONS).toSorted());
    });

    it("has batches only where there is a deletion to batch", () => {
      const { tagDeletion, tagBatchSize, manifestDeletion, deletionBatchSize } = learned;
      expect(tagDeletion !== "none" || tagBatchSize === 1).toBe(true);
      expect(manifestDeletion !== "none" || deletionBatchSize === 1).toBe(true);
    });

    it("says how many components a name has exactly where names cannot be nested", () => {
      expect(capabilities.repositoryComponents === 0).toBe(capabilities.nestedRepositories);
    });

    it("is the one an opened registry has", async () => {
      await using harness = await open();

      expect(harness.registry.capabilities).toEqual(capabilities);
    });
  });
}

/** Which fields of a record say what such a field may say. */
function positionsOf(record: Capabilities): Record<string, boolean> {
  const said = new Map<string, unknown>(Object.entries(record));
  const checks = Object.entries(POSITIONS);
  return Object.fromEntries(
    checks.map(([field, isAllowed]) => [field, isAllowed(said.get(field))]),
  );
}

function oneOf(...allowed: readonly unknown[]): (value: unknown) => boolean {
  return (value) => allowed.includes(value);
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value > 0;
}

function isNumberOfComponents(value: unknown): boolean {
  return value === 0 || isCount(value);
}

function isNameRule(rule: unknown): boolean {
  if (typeof rule !== "object" || rule === null) return false;
  if (!("pattern" in rule && "maxLength" in rule && "about" in rule)) return false;
  return isCount(rule.maxLength) && String(rule.pattern).startsWith("^") && rule.about !== "";
}

function isCascade(parts: unknown): boolean {
  if (!Array.isArray(parts) || new Set(parts).size !== parts.length) return false;
  return parts.every(oneOf("tags", "children", "referrers"));
}
