import { defineConfig } from "vitest/config";
import { BaseSequencer } from "vitest/node";
import type { TestSpecification } from "vitest/node";

/** Files that take minutes, the longest first: the others fit beside them, not after them. */
const LONG = [
  "scenarios/simulated.test.ts",
  "scenarios/scenarios.test.ts",
  "scenarios/own.test.ts",
  "publishers/publishers.test.ts",
  "properties/kill.test.ts",
  "migrations/matrix.test.ts",
  "servers/",
  "properties/",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONG.findIndex((part) => moduleId.includes(part));
      return place === -1 ? LONG.length : place;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "contract-tests/**/*.test.ts"],
    // One for each core, however few: much of the time goes into programs that tests wait for.
    maxWorkers: "100%",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    sequence: { sequencer: LongestFirst },
  },
});
