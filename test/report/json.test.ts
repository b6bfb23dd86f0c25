import { describe, expect, it } from "vitest";

import { freedBytes } from "../../src/report/freed.ts";
import { reportJson } from "../../src/report/json.ts";
import type { ReportedRun } from "../../src/report/run.ts";
import {
  digestFor,
  doneOf,
  goingTag,
  keptTag,
  lineOf,
  planOf,
  projectOf,
  runOf,
  stageOf,
} from "./sample.ts";

const [STAYS, GOES] = [stageOf("stays"), stageOf("goes", 5)];
const RECORD = `meta-5e2c1a_${"c".repeat(40)}_${GOES}`;

const PLAN = planOf({
  kept: [
    keptTag(STAYS, "stage", [{ kind: "keep-list" }, { kind: "ancestor", of: "x" }]),
    keptTag("notes", "foreign", [{ kind: "foreign" }]),
  ],
  deletions: [
    goingTag({ tag: GOES, class: "stage", because: "unneeded" }),
    goingTag({ tag: RECORD, class: "image-metadata", because: "stage-gone" }, [GOES]),
  ],
});

describe("the report as JSON", () => {
  it("begins with the fields of werf's", () => {
    const report = reportJson(runOf({ result: doneOf(PLAN) }));

    expect(Object.keys(report).slice(0, 5)).toEqual([
      "command",
      "dryRun",
      "repo",
      "kept",
      "deleted",
    ]);
    expect(report).toMatchObject({
      command: "cleanup",
      dryRun: false,
      repo: "reg.example/acme/shop",
    });
  });

  it("names what stays with werf's word for the first reason, and with all of ours", () => {
    expect(json(runOf({ result: doneOf(PLAN) }))).toHaveProperty("kept", [
      {
        type: "stage",
        tag: STAYS,
        reason: "keep list",
        digest: digestFor(STAYS),
        class: "stage",
        reasons: [{ kind: "keep-list" }, { kind: "ancestor", of: "x" }],
        builtAt: "2026-01-31T00:00:00.000Z",
      },
      expect.objectContaining({ type: "foreign", tag: "notes", reason: "foreign" }),
    ]);
  });

  it("names what went with its image, stage and commit, and why it went", () => {
    expect(json(runOf({ result: doneOf(PLAN) }))).toHaveProperty("deleted", [
      expect.objectContaining({ type: "stage", tag: GOES, because: "unneeded", how: "manifest" }),
      expect.objectContaining({
        type: "imageMetadata",
        tag: RECORD,
        imageName: "5e2c1a",
        stageID: GOES,
        commit: "c".repeat(40),
        because: "stage-gone",
      }),
    ]);
  });

  it("lists what failed, what was skipped and what was not tried apart from what went", () => {
    const [first, second] = doneOf(PLAN).deleted;
    if (first === undefined || second === undefined) throw new Error("two go");
    const failed = [{ ...first, code: "unavailable" as const, message: "HTTP 500" }];

    const report = json(
      runOf(
        { result: doneOf(PLAN, { deleted: [], failed, brokeOff: "it ended" }) },
        { exitCode: 1 },
      ),
    );

    expect(report).toMatchObject({
      outcome: "broke off",
      exitCode: 1,
      deleted: [],
      failed: [{ tag: GOES, code: "unavailable", message: "HTTP 500", because: "unneeded" }],
      remaining: [{ tag: RECORD, because: "stage-gone" }],
    });
  });

  it("tells why a run failed before anything was deleted, and what it had planned", () => {
    const failure = { exitCode: 4, lines: ["a guard said no"] };

    const report = json(runOf({ result: doneOf(PLAN, { deleted: [] }) }, { failure, exitCode: 4 }));

    expect(report).toMatchObject({
      outcome: "failed before anything was deleted",
      failure: { messages: ["a guard said no"] },
      deleted: [],
      remaining: [{ tag: GOES }, { tag: RECORD }],
    });
  });

  it("has no repository where there was no plan", () => {
    const failure = { exitCode: 3, lines: ["the registry is gone"] };

    const report = json({
      ...runOf({ result: doneOf(PLAN) }),
      repositories: [],
      failure,
      exitCode: 3,
    });

    expect(report).not.toHaveProperty("repo");
    expect(report).toMatchObject({ kept: [], deleted: [], repositories: [] });
  });

  it("names the final repository, and tells its stages apart", () => {
    const final = { ...PLAN, repository: { host: "reg.example", name: "acme/final" } };
    const run = runOf({ result: doneOf(PLAN) });
    const both = [...run.repositories, { role: "final-repo", result: doneOf(final) }];

    const report = json({ ...run, repositories: both });

    expect(report).toMatchObject({
      repo: "reg.example/acme/shop",
      finalRepo: "reg.example/acme/final",
    });
    expect(report).toHaveProperty(
      "kept",
      expect.arrayContaining([
        expect.objectContaining({ type: "finalStage", tag: STAYS, repo: "reg.example/acme/final" }),
      ]),
    );
  });

  it("carries the bytes and the policies with their references", () => {
    const { plan, input } = projectOf(3, lineOf(4, ["release"]));
    const contents = new Map([
      [digestFor(stageOf("stage 1", 1)), { size: 7, blobs: [], children: [] }],
    ]);
    const freed = freedBytes({ going: new Set(contents.keys()), staying: new Set() }, contents);

    const report = json(runOf({ result: doneOf(plan), input, freed }));

    expect(report).toMatchObject({
      repositories: [
        {
          bytes: { freedAfterGarbageCollection: 7, objects: 1, unknownManifests: 0 },
          policies: [
            { policy: 1, kind: "branch", pattern: "/.*/", references: ["main", "release"] },
          ],
        },
      ],
    });
  });

  it("is the same whatever the order of the plan", () => {
    const turned = planOf({ kept: PLAN.kept.toReversed(), deletions: PLAN.deletions.toReversed() });

    expect(reportJson(runOf({ result: doneOf(turned) }))).toEqual(
      reportJson(runOf({ result: doneOf(PLAN) })),
    );
  });
});

/** As a reader of the file has it. */
function json(run: ReportedRun): unknown {
  return JSON.parse(JSON.stringify(reportJson(run)));
}
