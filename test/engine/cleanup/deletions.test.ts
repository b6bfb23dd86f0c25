import { describe, expect, it } from "vitest";
import type { CleanupPlan } from "../../../src/engine/cleanup/plan.ts";
import { DAY_MS, EVERYTHING, NOW, digestOf, planFor, stageOf, stepFor } from "./repository.ts";

const [A, B, C] = [stageOf("a"), stageOf("b"), stageOf("c")];

describe("what goes together", () => {
  it("a manifest goes with all its tags when all of them go", () => {
    const plan = planFor({ tags: { [A]: "1", [B]: "1" } });

    expect(plan.deletions).toEqual([
      {
        digest: digestOf("1"),
        how: "manifest",
        level: 0,
        after: [],
        tags: [
          { tag: A, class: "stage", because: "unneeded" },
          { tag: B, class: "stage", because: "unneeded" },
        ],
      },
    ]);
    expect(plan.kept).toEqual([]);
  });

  it("a tag goes alone when a foreign tag on its digest stays", () => {
    const plan = planFor({ tags: { [A]: "1", latest: "1" } });

    expect(ways(plan)).toEqual({ [A]: "tag" });
  });

  it("such a tag stays where tags cannot go alone, naming the tag that holds it", () => {
    const plan = planFor(
      { tags: { [A]: "1", latest: "1" } },
      { tagAlone: false, lastTagTakesManifest: false, manifest: true },
    );

    expect(plan.deletions).toEqual([]);
    expect(reasons(plan)[A]).toEqual([{ kind: "shared-digest", of: "latest" }]);
  });

  it("where the last tag takes its manifest along, a tag goes alone only where another tag stays", () => {
    const means = { tagAlone: true, lastTagTakesManifest: true, manifest: true };
    const shared = planFor({ tags: { [A]: "1", [B]: "1", latest: "1" } }, means);
    const lone = { tags: { [A]: "1" } };
    const withoutManifests = { ...means, manifest: false };

    expect(ways(shared)).toEqual({ [A]: "tag", [B]: "tag" });
    expect(planFor(lone, withoutManifests).deletions).toEqual([]);
    expect(reasons(planFor(lone, withoutManifests))[A]).toMatchObject([{ kind: "shared-digest" }]);
    expect(ways(planFor(lone, { ...withoutManifests, lastTagTakesManifest: false }))).toEqual({
      [A]: "tag",
    });
  });

  it("what tags can do is asked for only when it matters", () => {
    const unknown = { tagAlone: undefined, lastTagTakesManifest: false, manifest: true };

    expect(stepFor({ tags: { [A]: "1", [B]: "2" } }, unknown).kind).toBe("plan");
    expect(stepFor({ tags: { [A]: "1", latest: "1" } }, unknown)).toEqual({ kind: "learn" });
  });

  it("where manifests cannot go, tags go alone, and where neither goes, all stays", () => {
    const repository = { tags: { [A]: "1" } };

    expect(
      ways(planFor(repository, { tagAlone: true, lastTagTakesManifest: false, manifest: false })),
    ).toEqual({ [A]: "tag" });
    expect(
      planFor(repository, { tagAlone: false, lastTagTakesManifest: false, manifest: false })
        .deletions,
    ).toEqual([]);
  });

  it("a stage that stays with a foreign tag keeps its rejected marker", () => {
    const tags = { [A]: "1", latest: "1", [`${A}-rejected`]: "2" };

    expect(
      planFor({ tags }, { tagAlone: false, lastTagTakesManifest: false, manifest: true }).deletions,
    ).toEqual([]);
    expect(ways(planFor({ tags }))).toEqual({ [A]: "tag", [`${A}-rejected`]: "manifest" });
  });

  it("a signature goes with the manifest it is about, and stays with one that stays", () => {
    const signature = `sha256-${"1".repeat(64)}.sig`;

    expect(ways(planFor({ tags: { [A]: "1", [signature]: "2" } }))).toEqual({
      [A]: "manifest",
      [signature]: "manifest",
    });
    expect(ways(planFor({ tags: { [A]: "1", latest: "1", [signature]: "2" } }))).toEqual({
      [A]: "tag",
    });
  });
});

describe("in which order things go", () => {
  it("a descendant goes before its ancestors", () => {
    const plan = planFor({
      tags: { [A]: "1", [B]: "2", [C]: "3" },
      labels: { 1: { "werf.io/parent-stage-id": B }, 2: { "werf.io/parent-stage-id": C } },
    });

    expect(order(plan)).toEqual([
      [0, A, []],
      [1, B, [A]],
      [2, C, [B]],
    ]);
  });

  it("an index goes before its children", () => {
    const index = "d".repeat(56);
    const plan = planFor({ tags: { [A]: "1", [index]: "2" }, indexes: { 2: ["1"] } });

    expect(order(plan)).toEqual([
      [0, index, []],
      [1, A, [index]],
    ]);
  });

  it("a subject goes before what is about it", () => {
    const signature = `sha256-${"1".repeat(64)}.sig`;
    const plan = planFor({ tags: { [signature]: "2", [A]: "1" } });

    expect(order(plan)).toEqual([
      [0, A, []],
      [1, signature, [A]],
    ]);
  });

  it("a chain of many thousand stages gets as many levels", () => {
    const chain = Array.from({ length: 20_000 }, (_, at) => ({
      tag: stageOf("a", NOW - 30 * DAY_MS - at),
      digest: String.fromCodePoint(0x4e00 + at),
    }));
    const plan = planFor({
      tags: Object.fromEntries(chain.map(({ tag, digest }) => [tag, digest]).toReversed()),
      labels: Object.fromEntries(
        chain.map(({ digest }, at) => [
          digest,
          { "werf.io/parent-stage-id": chain[at + 1]?.tag ?? "" },
        ]),
      ),
    });

    expect(plan.deletions.map(({ level }) => level)).toEqual([...chain.keys()]);
    expect(order(plan).map(([, tag]) => tag)).toEqual(chain.map(({ tag }) => tag));
  });

  it("stages that name each other in a circle still get an order", () => {
    const plan = planFor({
      tags: { [A]: "1", [B]: "2" },
      labels: { 1: { "werf.io/parent-stage-id": B }, 2: { "werf.io/parent-stage-id": A } },
    });

    const tags = order(plan).map(([, tag]) => tag);
    expect(new Set(tags)).toEqual(new Set([A, B]));
  });
});

describe("what stays with what stays", () => {
  it("children, ancestors, imports and dependencies of a stage in the keep list", () => {
    const plan = planFor({
      tags: { [A]: "1", [B]: "2", [C]: "3", [stageOf("d")]: "4", [stageOf("e")]: "5" },
      labels: {
        1: {
          "werf.io/parent-stage-id": B,
          "werf-import-source-stage-id-0": C,
          "werf-dependency-stage-id-0": stageOf("d"),
        },
      },
      keep: [A],
    });

    expect(reasons(plan)).toEqual({
      [A]: [{ kind: "keep-list" }],
      [B]: [{ kind: "ancestor", of: A }],
      [C]: [{ kind: "import-source", of: A }],
      [stageOf("d")]: [{ kind: "dependency", of: A }],
    });
    expect(ways(plan)).toEqual({ [stageOf("e")]: "manifest" });
  });

  it("the children of a foreign index", () => {
    const plan = planFor({ tags: { [A]: "1", bundle: "2" }, indexes: { 2: ["1"] } }, EVERYTHING);

    expect(reasons(plan)[A]).toEqual([{ kind: "index-child", of: "bundle" }]);
  });

  it("a bare hash that is no index of ours is foreign", () => {
    const hash = "d".repeat(56);
    const plan = planFor({ tags: { [hash]: "1", [A]: "2" } });

    expect(reasons(plan)).toEqual({ [hash]: [{ kind: "foreign" }] });
  });
});

function ways(plan: CleanupPlan): Record<string, string> {
  return Object.fromEntries(
    plan.deletions.flatMap(({ how, tags }) => tags.map(({ tag }) => [tag, how])),
  );
}

function reasons(plan: CleanupPlan): Record<string, unknown> {
  return Object.fromEntries(plan.kept.map(({ tag, reasons: why }) => [tag, why]));
}

function order(plan: CleanupPlan): [number, string | undefined, readonly string[]][] {
  return plan.deletions.map(({ level, tags, after }) => [level, tags[0]?.tag, after]);
}
