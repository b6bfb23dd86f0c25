import { describe, expect, it } from "vitest";
import type { FoundLease } from "../../../src/engine/cleanup/leases.ts";
import type { CleanupPlan, Kept } from "../../../src/engine/cleanup/plan.ts";
import type { Lease } from "../../../src/stages/lease.ts";
import { NOW, planFor, stageOf } from "./repository.ts";

const [OLD, PARENT, OTHER] = [stageOf("1"), stageOf("2"), stageOf("3")];
const TAG = "tidemark-lease-0000000000000001-0";

const PUBLISHING: Lease = {
  kind: "publish",
  holder: { run: "0000000000000001", host: "build-3", pid: 4711 },
  since: NOW - 1000,
  until: NOW + 60_000,
  stages: [OLD],
};

const REASON = {
  kind: "lease",
  holder: "process 4711 on build-3 (run 0000000000000001)",
  until: "2026-01-31T00:01:00.000Z",
};

describe("a publisher's lease", () => {
  it("keeps the stages that it names, with what they need, and stays", () => {
    const plan = planOf({ tag: TAG, state: "live", lease: PUBLISHING });

    expect(keptOf(plan, OLD)).toMatchObject({ reasons: [REASON] });
    expect(keptOf(plan, PARENT)).toMatchObject({ reasons: [{ kind: "ancestor", of: OLD }] });
    expect(keptOf(plan, TAG)).toMatchObject({ class: "lease", reasons: [{ kind: "service" }] });
    expect(goingIn(plan)).toEqual([OTHER]);
  });

  it("keeps a stage that is marked as rejected", () => {
    const plan = planOf({ tag: TAG, state: "live", lease: PUBLISHING }, `${OLD}-rejected`);

    expect(keptOf(plan, OLD)).toMatchObject({ reasons: [REASON] });
  });

  it("that is over keeps nothing, and goes", () => {
    const plan = planOf({ tag: TAG, state: "over", lease: PUBLISHING });

    expect(goingIn(plan)).toEqual([OLD, OTHER, PARENT, TAG].toSorted());
    const tags = plan.deletions.flatMap((item) => item.tags);
    expect(tags).toContainEqual({ tag: TAG, class: "lease", because: "lease-over" });
  });

  it("names stages that are not there without harm", () => {
    const lease = { ...PUBLISHING, stages: [stageOf("9")] };

    const plan = planOf({ tag: TAG, state: "live", lease });

    expect(goingIn(plan)).toEqual([OLD, OTHER, PARENT].toSorted());
  });
});

it("a lease of another cleanup stays and keeps no stage", () => {
  const lease = { ...PUBLISHING, kind: "cleanup" } as const;

  const plan = planOf({ tag: TAG, state: "live", lease });

  expect(goingIn(plan)).toEqual([OLD, OTHER, PARENT].toSorted());
  expect(keptOf(plan, TAG)).toMatchObject({ reasons: [{ kind: "service" }] });
});

it("a lease that nobody can read stays", () => {
  const plan = planOf({ tag: TAG, state: "live", lease: "unreadable" });

  expect(keptOf(plan, TAG)).toMatchObject({ reasons: [{ kind: "unreadable" }] });
});

function planOf(lease: FoundLease, ...more: string[]): CleanupPlan {
  const tags = { [OLD]: "a", [PARENT]: "b", [OTHER]: "c", [lease.tag]: "d" };
  return planFor({
    tags: { ...tags, ...Object.fromEntries(more.map((tag) => [tag, "e"])) },
    labels: { a: { "werf.io/parent-stage-id": PARENT } },
    leases: [lease],
  });
}

function keptOf(plan: CleanupPlan, tag: string): Kept | undefined {
  return plan.kept.find((kept) => kept.tag === tag);
}

function goingIn({ deletions }: CleanupPlan): string[] {
  return deletions.flatMap(({ tags }) => tags.map(({ tag }) => tag)).toSorted();
}
