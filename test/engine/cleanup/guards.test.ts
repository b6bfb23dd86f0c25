import { describe, expect, it } from "vitest";
import {
  RECORD_COUNTS_LABEL,
  checkGuards,
  recordCounts,
} from "../../../src/engine/cleanup/guards.ts";
import type { DeletionLimit } from "../../../src/engine/cleanup/guards.ts";
import type { CleanupPlan, TagLabel } from "../../../src/engine/cleanup/plan.ts";
import type { Reason } from "../../../src/engine/cleanup/reason.ts";
import type { PlanFindings } from "../../../src/engine/cleanup/samples.ts";
import { digestOf } from "./repository.ts";

describe("checkGuards", () => {
  it("has no objection to a plan that deletes some and keeps some", () => {
    expect(guards({ going: ["stage"], kept: ["stage"] })).toEqual([]);
  });

  it("has none to a plan that deletes nothing", () => {
    expect(guards({ kept: ["stage"] }, { knowsHistory: false })).toEqual([]);
    expect(guards({}, { otherProjects: [{ project: "warehouse", tag: "x" }] })).toEqual([]);
  });

  it("wants a reference, whatever the plan says, when the Git policies are on", () => {
    expect(guards({}, { references: 0 })).toEqual(["no-references"]);
    expect(guards({}, { references: 0, usesHistory: false })).toEqual([]);
  });

  it("wants one stage or index to stay when any goes", () => {
    expect(guards({ going: ["stage"], kept: ["foreign", "managed-image"] })).toEqual([
      "nothing-kept",
    ]);
    expect(guards({ going: ["index"], kept: ["index"] })).toEqual([]);
    expect(guards({ going: ["image-metadata"] })).toEqual([]);
  });

  it("does not count a stage that stays for no other reason than the registry's limits", () => {
    const held = keptAs("stage", { kind: "shared-digest", of: "latest" });

    expect(guards({ going: ["stage"], keptEntries: [held] })).toEqual(["nothing-kept"]);
  });

  it("wants a record that this history knows when stages go", () => {
    expect(guards({ going: ["stage"], kept: ["stage"] }, { knowsHistory: false })).toEqual([
      "unknown-history",
    ]);
    expect(
      guards({ going: ["stage"], kept: ["stage"] }, { knowsHistory: false, usesHistory: false }),
    ).toEqual([]);
  });

  it("misses a class of records that the last run left", () => {
    const before = { "image-metadata": 3, "managed-image": 1, "import-metadata": 0 };

    expect(lost(before, { "image-metadata": 0, "managed-image": 1 })).toEqual([
      expect.stringContaining("class image-metadata,"),
    ]);
    expect(lost(before, { "image-metadata": 1, "managed-image": 1 })).toEqual([]);
  });

  it.each([undefined, "", "no JSON", "[]", "null", '{"image-metadata":"3"}'])(
    "misses nothing when the last run left the counts %j",
    (label) => {
      const lastRun = label === undefined ? {} : { [RECORD_COUNTS_LABEL]: label };

      expect(guards({ going: ["stage"], kept: ["stage"] }, { lastRun })).toEqual([]);
    },
  );

  it("knows its own project's tags from another's", () => {
    const otherProjects = [{ project: "warehouse", tag: "managed-image-web" }];

    expect(guards({ going: ["stage"], kept: ["stage"] }, { otherProjects })).toEqual([
      "other-project",
    ]);
  });

  it("stops for a needed stage that cannot be read only when stages would go", () => {
    const unreadable = ["some-stage"];

    expect(guards({ going: ["stage"], kept: ["stage"] }, { unreadable })).toEqual(["unreadable"]);
    expect(guards({ going: ["image-metadata"], kept: ["stage"] }, { unreadable })).toEqual([]);
  });

  it.each<[DeletionLimit, string[]]>([
    [{ kind: "count", most: 1 }, ["max-delete"]],
    [{ kind: "count", most: 2 }, []],
    [{ kind: "percent", most: 49 }, ["max-delete"]],
    [{ kind: "percent", most: 50 }, []],
  ])("holds two of four tags against %j", (limit, expected) => {
    const plan = { going: ["stage", "image-metadata"], kept: ["stage", "foreign"] } as const;

    expect(guards(plan, {}, limit)).toEqual(expected);
  });

  it("lists every objection, the gravest first", () => {
    const findings = { references: 0, knowsHistory: false };

    expect(guards({ going: ["stage"] }, findings, { kind: "count", most: 0 })).toEqual([
      "no-references",
      "nothing-kept",
      "unknown-history",
      "max-delete",
    ]);
  });
});

it("recordCounts counts the records that stay, in a stable order", () => {
  const plan = planOf({ kept: ["managed-image", "image-metadata", "image-metadata", "stage"] });

  expect(recordCounts(plan)).toBe(
    '{"image-metadata":2,"managed-image":1,"custom-tag-metadata":0,"import-metadata":0}',
  );
});

interface Outline {
  readonly going?: readonly TagLabel[];
  readonly kept?: readonly TagLabel[];
  readonly keptEntries?: CleanupPlan["kept"];
}

function guards(
  outline: Outline,
  findings: Partial<PlanFindings> = {},
  limit?: DeletionLimit,
): string[] {
  return checkGuards(planOf(outline), { ...GOOD, ...findings }, limit).map(({ guard }) => guard);
}

function lost(
  before: Readonly<Record<string, number>>,
  records: Partial<PlanFindings["records"]>,
): string[] {
  const plan = planOf({ going: ["stage"], kept: ["stage"] });
  const findings = {
    ...GOOD,
    records: { ...GOOD.records, ...records },
    lastRun: { [RECORD_COUNTS_LABEL]: JSON.stringify(before) },
  };
  return checkGuards(plan, findings, undefined).map(({ message }) => message);
}

const GOOD: PlanFindings = {
  isPurge: false,
  isCopy: false,
  isPrimaryEmpty: false,
  customTags: [],
  usesHistory: true,
  references: 1,
  knowsHistory: true,
  claims: { byHistory: new Set(), knowsHistory: false },
  otherProjects: [],
  unreadable: [],
  unreadableLeases: [],
  records: {
    "image-metadata": 0,
    "managed-image": 0,
    "custom-tag-metadata": 0,
    "import-metadata": 0,
  },
  lastRun: undefined,
};

function planOf({ going = [], kept = [], keptEntries = [] }: Outline): CleanupPlan {
  return {
    kind: "cleanup",
    schema: 1,
    repository: { host: "reg.test", name: "shop" },
    project: "shop",
    createdAt: "2026-01-31T00:00:00.000Z",
    deletions: going.map((label, at) => ({
      digest: digestOf("1"),
      how: "manifest",
      tags: [{ tag: `going${at}`, class: label, because: "unneeded" }],
      level: 0,
      after: [],
    })),
    kept: [...kept.map((label) => keptAs(label, { kind: "keep-list" })), ...keptEntries],
    warnings: [],
    references: {},
  };
}

function keptAs(label: TagLabel, reason: Reason): CleanupPlan["kept"][number] {
  return { tag: "kept", digest: digestOf("2"), class: label, reasons: [reason] };
}
