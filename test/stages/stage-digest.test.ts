import { describe, expect, it } from "vitest";

import { indexDigestOf, stageDigestOf } from "../../src/stages/stage-digest.ts";

const A = `${"a".repeat(56)}-1700000000001`;
const B = `${"b".repeat(56)}-1700000000002`;

describe("stageDigestOf", () => {
  it("hashes its inputs as werf does", () => {
    expect(stageDigestOf(["a", "b"])).toBe(
      "79dd04f1b62d7ca1423b75bc1f7b37a2a8f2b79d7e2f56f549ecd632",
    );
  });

  it("depends on the order of its inputs", () => {
    expect(stageDigestOf(["b", "a"])).not.toBe(stageDigestOf(["a", "b"]));
  });
});

describe("indexDigestOf", () => {
  it.each([
    [A, B, "linux/amd64", "linux/arm64"],
    [B, A, "linux/arm64", "linux/amd64"],
  ])("hashes stage ids in the order of platforms", (first, second, one, other) => {
    expect(
      indexDigestOf([
        { platform: one, stageId: first },
        { platform: other, stageId: second },
      ]),
    ).toBe("b48763a31897609cbe12fd1166c755ccaabf4a5edceced750d8eb9b6");
  });
});
