import { describe, expect, it } from "vitest";
import { peersAreRequired } from "../../contract-tests/servers/peers.ts";
import { PROPERTIES } from "./all.ts";

/** The same cases every time: whether a change passes is no matter of luck. `run-many.ts` draws others. */
const SEED = 20_261_121;

/** Outside `.ci/run` a sixth of the cases is looked at. */
const SHARE = peersAreRequired() ? 1 : 6;
const LEAST = peersAreRequired() ? 2000 : 500;

describe("a cleanup, whatever the repository and whatever happens", () => {
  it.each(PROPERTIES)(
    "$name",
    async ({ run, cases }) => {
      await expect(run({ cases: Math.ceil(cases / SHARE), seed: SEED })).resolves.toBeUndefined();
    },
    240_000,
  );

  it("is looked at in at least 2000 cases, or 500 outside .ci/run", () => {
    const cases = PROPERTIES.reduce((sum, property) => sum + property.cases, 0);
    expect(cases / SHARE).toBeGreaterThanOrEqual(LEAST);
  });
});
