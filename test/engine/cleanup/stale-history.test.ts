import { describe, expect, it } from "vitest";

import { commitOf, lineOf, planFor, recordOf, stageOf } from "./repository.ts";

const known = stageOf("a");
const unknown = stageOf("b");
const tags = {
  "managed-image-web": "1",
  [known]: "a",
  [unknown]: "b",
  [recordOf("c", known)]: "2",
  [recordOf("d", unknown)]: "3",
};

describe("a record of a commit that the clone lacks", () => {
  it("protects nothing when the remote was asked", () => {
    const plan = planFor({ tags, history: lineOf("c") });

    expect(goingOf(plan)).toEqual([unknown, recordOf("d", unknown)].sort());
  });

  it("keeps its stage and stays when the remote was not asked", () => {
    const plan = planFor({ tags, history: { ...lineOf("c"), mayBeBehind: true } });

    expect(goingOf(plan)).toEqual([]);
    expect(plan.kept.find(({ tag }) => tag === unknown)?.reasons).toEqual([
      { kind: "unknown-commit", commit: commitOf("d") },
    ]);
  });

  it("does not keep a rejected stage, and goes with it", () => {
    const rejected = { ...tags, [`${unknown}-rejected`]: "4" };
    const plan = planFor({ tags: rejected, history: { ...lineOf("c"), mayBeBehind: true } });

    expect(goingOf(plan)).toEqual([unknown, recordOf("d", unknown), `${unknown}-rejected`].sort());
  });
});

function goingOf({ deletions }: ReturnType<typeof planFor>): string[] {
  return deletions.flatMap((item) => item.tags.map(({ tag }) => tag)).sort();
}
