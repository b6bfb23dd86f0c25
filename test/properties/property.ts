import fc from "fast-check";
import { worldSpec } from "./spec.ts";
import type { MemoryOptions } from "./memory-registry.ts";

/** Something that must hold of every value; checked by throwing. */
export interface Property {
  readonly name: string;
  /** How many cases one unit of effort buys, compared with other properties. */
  readonly share: number;
  /** Checks `runs` random cases; answers how many it checked, rejects with the smallest that fails. */
  run(options: { readonly runs: number; readonly seed?: number }): Promise<number>;
}

export function property<Value>(
  name: string,
  share: number,
  arbitrary: fc.Arbitrary<Value>,
  holds: (value: Value) => Promise<void>,
): Property {
  return {
    name,
    share,
    async run({ runs, seed }) {
      const asked = { numRuns: runs, ...(seed === undefined ? {} : { seed }) };
      await fc.assert(fc.asyncProperty(arbitrary, holds), asked);
      return runs;
    },
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
