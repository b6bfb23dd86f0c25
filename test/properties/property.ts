import fc from "fast-check";
import { worldSpec } from "./spec.ts";
import type { MemoryOptions } from "./memory-registry.ts";

/** Something that must hold of every value; checked by throwing. */
export interface Property {
  readonly name: string;
  /** Cases of a usual test run; a longer one keeps the proportions. */
  readonly cases: number;
  /** Checks random cases. Rejects with the seed and the case that fails. */
  run(options: RunOptions): Promise<void>;
}

export interface RunOptions {
  readonly cases: number;
  readonly seed?: number;
  /** Leads to one case of a seed. */
  readonly path?: string;
  /** The first case that fails is told as it is. */
  readonly quick?: boolean;
}

export function property<Value>(
  name: string,
  cases: number,
  arbitrary: fc.Arbitrary<Value>,
  holds: (value: Value) => Promise<void>,
): Property {
  return {
    name,
    cases,
    run: ({ cases: numRuns, quick = false, ...start }) =>
      fc.assert(fc.asyncProperty(arbitrary, holds), { numRuns, endOnFailure: quick, ...start }),
  };
}

/** What differs between registries and runs, besides what they hold. */
export const surroundings = fc.record({
  parallel: fc.constantFrom(1, 1, 3),
  untags: fc.nat(3).map((roll) => roll !== 0),
  learned: fc.boolean(),
  listing: fc.constantFrom("names", "names", "digests", "digests-and-times"),
  listingPaging: fc.constantFrom("cursor", "cursor", "offset"),
  batch: fc.constantFrom(1, 1, 4),
});

export type Surroundings = typeof surroundings extends fc.Arbitrary<infer Value> ? Value : never;

export const usualWorld = worldSpec("usual");
export const smallWorld = worldSpec("small");

/** The registry of such surroundings. */
export function memoryOptions(
  around: Surroundings,
): Pick<MemoryOptions, "capabilities" | "untags"> {
  const { untags, learned, listing, listingPaging, batch } = around;
  const tagDeletion = untags ? "distribution" : "none";
  return {
    untags,
    capabilities: {
      tagDeletion: learned ? tagDeletion : "probe",
      listing: listing === "digests" || listing === "digests-and-times" ? listing : "names",
      listingPaging: listingPaging === "offset" ? "offset" : "cursor",
      tagBatchSize: batch,
      deletionBatchSize: batch,
    },
  };
}
