import { describe, expect, it } from "vitest";
import type { RepositoryReading } from "./backend.ts";
import { disagreements } from "./compare.ts";
import type { Outcome } from "./compare.ts";
import { modelRepository } from "./model.ts";
import type { CliRun } from "./run-cli.ts";
import { readScenarios } from "./scenario.ts";

const START = Date.parse("2026-06-01T00:00:00Z");
const model = modelRepository(sample("two-stages-share-a-manifest"), START, {
  commitOf: () => "c".repeat(40),
});
const [kept = "", shared = "", gone = ""] = ["s2", "s1", "s3"].map(
  (id) => model.tagsOf(id)[0] ?? "",
);
const all = [...model.tags].map(([tag, { digest }]): [string, string] => [tag, digest]);
const [keptRecord, goneRecord] = [
  model.recordTag(["image", "c2", "s2"]),
  model.recordTag(["image", "c1", "s1"]),
];
const done = [...all, ["cleanup", "sha256:new"] as const].filter(
  ([tag]) => ![shared, gone, goneRecord].includes(tag),
);

describe("disagreements", () => {
  it("are none when everything is as the scenario says", async () => {
    expect(await disagreements(outcome({}))).toEqual([]);
  });

  it.each<[string, Partial<Outcome>, string]>([
    ["a kept stage that is gone", { after: reading(without(done, kept)) }, `s2 (${kept}) is gone`],
    [
      "a deleted stage that is left",
      { after: reading([...done, ...only(all, gone)]) },
      `s3 (${gone}) is left`,
    ],
    [
      "a record that is gone",
      { after: reading(without(done, keptRecord)) },
      `(${keptRecord}) is gone`,
    ],
    [
      "a record that is left",
      { after: reading([...done, ...only(all, goneRecord)]) },
      `record ${goneRecord} is left`,
    ],
    [
      "a tag that moved",
      { after: reading([...without(done, kept), [kept, "sha256:other"]]) },
      `${kept} moved`,
    ],
    ["a tag that appeared", { after: reading([...done, ["new", "sha256:a"]]) }, "new appeared"],
    ["a broken image", { after: reading(done, ["blob is gone"]) }, "blob is gone"],
    [
      "a managed image that is gone",
      { after: reading(without(done, "managed-image-image")) },
      "managed-image-image is gone",
    ],
    ["a missing cleanup record", { after: reading(without(done, "cleanup")) }, "no cleanup record"],
    [
      "an old cleanup record",
      { run: run({ startedAt: START + 1 }) },
      "the cleanup record has the time",
    ],
    ["another exit code", { run: run({ exit: 1 }) }, "exit code 1, not 0"],
    ["a changed clone", { cloneAfter: "b" }, "the clone changed"],
    [
      "a dry run that deletes",
      { work: "nothing" as const },
      "although the run was to change nothing",
    ],
    [
      "a deletion that is not reported",
      { run: run({}, [shared, goneRecord]) },
      `${gone} is gone and not reported`,
    ],
  ])("name %s", async (_, change, problem) => {
    expect(await disagreements(outcome(change))).toContainEqual(expect.stringContaining(problem));
  });

  it("let a tag stay with its manifest only where it cannot go alone, and only when it is reported", async () => {
    const after = reading([...done, ...only(all, shared)]);
    const deleted = [gone, goneRecord];
    const reported = run({}, deleted, [shared]);

    expect(await disagreements(outcome({ after, untags: false, run: reported }))).toEqual([]);
    expect(await disagreements(outcome({ after, untags: true, run: reported }))).not.toEqual([]);
    expect(
      await disagreements(outcome({ after, untags: false, run: run({}, deleted) })),
    ).not.toEqual([]);
  });
});

function outcome(change: Partial<Outcome>): Outcome {
  return {
    expected: {
      exit: 0,
      kept: ["s2"],
      deleted: ["s1", "s3"],
      either: [],
      records: [["image", "c2", "s2"]],
      recordsEither: [],
    },
    model,
    before: reading(all),
    after: reading(done),
    run: run({}),
    untags: true,
    lastTagTakesManifest: false,
    others: [],
    work: "cleanup",
    journal: [],
    cloneBefore: "a",
    cloneAfter: "a",
    ...change,
  };
}

function run(
  change: Partial<CliRun>,
  deleted: readonly string[] = [shared, gone, goneRecord],
  sharing: readonly string[] = [],
): CliRun {
  const report = {
    schema: 1 as const,
    kept: sharing.map((tag) => ({ tag, reasons: [{ kind: "shared-digest" }] })),
    deleted: deleted.map((tag) => ({ tag })),
    failed: [],
    skipped: [],
    warnings: [],
  };
  return { exit: 0, report, output: "", startedAt: START, endedAt: START, ...change };
}

function reading(
  tags: readonly (readonly [string, string])[],
  broken: readonly string[] = [],
): RepositoryReading {
  const config = { config: { Labels: { lastcleanuptimestamp: String(START) } } };
  return {
    digests: new Map(tags),
    broken,
    config: async () => Buffer.from(JSON.stringify(config)),
    holds: async () => true,
  };
}

function without(
  tags: readonly (readonly [string, string])[],
  tag: string,
): (readonly [string, string])[] {
  return tags.filter(([name]) => name !== tag);
}

function only(
  tags: readonly (readonly [string, string])[],
  tag: string,
): (readonly [string, string])[] {
  return tags.filter(([name]) => name === tag);
}

function sample(id: string): ReturnType<typeof readScenarios>[number] {
  const scenario = readScenarios().find((candidate) => candidate.id === id);
  if (scenario === undefined) throw new Error(`no scenario ${id}`);
  return scenario;
}
