import { describe, expect, it } from "vitest";
import { PROPERTIES } from "./all.ts";

describe("a cleanup, whatever the repository and whatever happens", () => {
  it.each(PROPERTIES)(
    "$name",
    async ({ run, cases }) => {
      await expect(run({ cases })).resolves.toBeUndefined();
    },
    240_000,
  );

  it("is looked at in at least 2000 cases", () => {
    const cases = PROPERTIES.reduce((sum, property) => sum + property.cases, 0);
    expect(cases).toBeGreaterThanOrEqual(2000);
  });
});
