import { describe, expect, it } from "vitest";

import { selectStages } from "../../../src/engine/publish/select-stage.ts";
import { readStageListing } from "../../../src/engine/publish/stage-listing.ts";

const A = "a".repeat(56);
const B = "b".repeat(56);

describe("the stages of a digest", () => {
  it.each([
    ["come oldest first, in whatever order they are listed", [3, 1, 2], undefined, [1, 2, 3]],
    ["include those of the future", [9_000_000_000_000], undefined, [9_000_000_000_000]],
    ["leave out what is older than its parent", [1, 2, 3], 2, [2, 3]],
    ["are none where none is listed", [], undefined, []],
  ])("%s", (_, listed, parent, expected) => {
    const tags = listed.map((at) => `${A}-${time(at)}`);
    const parentBuiltAt = parent === undefined ? undefined : Number(time(parent));

    const selected = selectStages(readStageListing(tags), { stageDigest: A, parentBuiltAt });

    expect(selected.map(({ stageId }) => stageId)).toEqual(
      expected.map((at) => `${A}-${time(at)}`),
    );
  });

  it("leave out exactly the one that a marker rejects", () => {
    const tags = [`${A}-${time(1)}`, `${A}-${time(2)}`, `${A}-${time(1)}-rejected`];

    const selected = selectStages(readStageListing(tags), { stageDigest: A });

    expect(selected).toEqual([{ stageId: `${A}-${time(2)}`, builtAt: Number(time(2)) }]);
  });

  it("stay when a stage of another digest and the same time is rejected", () => {
    const tags = [`${A}-${time(1)}`, `${B}-${time(1)}-rejected`];

    const selected = selectStages(readStageListing(tags), { stageDigest: A });

    expect(selected).toHaveLength(1);
  });

  it.each([
    A,
    `${A}-`,
    `${A}-12`,
    `${A}-12345678901234`,
    `${A.toUpperCase()}-${time(1)}`,
    `x${A}-${time(1)}`,
    `${A}-${time(1)}-rejected`,
    `managed-image-${A}-${time(1)}`,
  ])("are not told by %s", (tag) => {
    expect(selectStages(readStageListing([tag]), { stageDigest: A })).toEqual([]);
  });
});

function time(at: number): string {
  return at < 1_000_000 ? `1700000000${String(at).padStart(3, "0")}` : String(at);
}
