import { describe, expect, it } from "vitest";

import { LABEL } from "../../../src/stages/labels.ts";
import { tagSlug } from "../../../src/stages/slug.ts";
import { DAY_MS, NOW, digestOf, lineOf, recordOf, stageOf } from "../cleanup/repository.ts";
import { auditOf, faultsOf } from "./ground.ts";
import type { AuditedSpec } from "./ground.ts";

const A = stageOf("a");
const B = stageOf("b");
const WEB = { "managed-image-web": "0" };
/** One stage with its record at the newest commit. */
const HEALTHY = { ...WEB, [A]: "a", [recordOf("1", A)]: "1" };
const HISTORY = lineOf("1", "2");
const SIG = `sha256-${"a".repeat(64)}.sig`;
const RELEASE = tagSlug("Release/7");
const use = (tag: string): NonNullable<AuditedSpec["usage"]> => [
  {
    image: `reg.test/shop:${tag}`,
    cluster: "prod",
    namespace: "shop",
    object: "Deployment/web",
    container: "web",
  },
];

it("finds nothing in a healthy repository", () => {
  const tags = { ...HEALTHY, [SIG]: "s", latest: "a", notes: "n" };

  expect(faultsOf({ tags, history: HISTORY })).toEqual([]);
});

describe("what is named and not there", () => {
  it.each<[string, AuditedSpec, readonly string[]]>([
    ["a tag that resolves to nothing", { tags: { lost: null } }, ["dangling-tag lost"]],
    [
      "a tag whose manifest is not there",
      { tags: { lost: "d" }, missing: ["d"] },
      ["dangling-tag lost"],
    ],
    [
      "an index that lacks a child, once for all its tags",
      { tags: { v1: "i", multi: "i" }, stored: { i: { children: ["d", "e"] } }, missing: ["e"] },
      ["index-without-child multi"],
    ],
    [
      "an index without a tag that lacks a child",
      {
        tags: { outer: "o" },
        stored: { o: { children: ["i"] }, i: { children: ["e"] } },
        missing: ["e"],
      },
      [`index-without-child ${digestOf("i")}`],
    ],
    [
      "signatures of what is not there, once for their subject",
      { tags: { [SIG]: "s", [SIG.replace(".sig", ".att")]: "t" }, missing: ["a"] },
      [`signature-without-subject ${SIG.replace(".sig", ".att")}`],
    ],
    [
      "a referrer without a tag whose subject is not there",
      { tags: {}, stored: { r: { about: "a" } }, untagged: ["r"], missing: ["a"] },
      [`signature-without-subject ${digestOf("r")}`],
    ],
    [
      "nothing that went with its tag while the repository was read",
      {
        tags: { lost: null, away: "d", multi: "i", [SIG]: "s" },
        stored: { i: { children: ["e"] } },
        missing: ["a", "d", "e"],
        gone: ["lost", "away", "multi", SIG],
      },
      [],
    ],
    [
      "no index that went itself",
      {
        tags: { outer: "o" },
        stored: { o: { children: ["i"] }, i: { children: ["e"] } },
        missing: ["e"],
        goneManifests: ["i"],
      },
      [],
    ],
    ["a signature of what is there", { tags: { [SIG]: "s", web: "a" } }, []],
  ])("tells %s", (_, spec, faults) => {
    expect(faultsOf(spec)).toEqual(faults);
  });

  it("names the platform of a child that is not there", () => {
    const stored = { i: { children: ["d", "e"] } };

    const { findings } = auditOf({ tags: { multi: "i", one: "d" }, stored, missing: ["e"] });

    expect(findings.map(({ message }) => message)).toEqual([
      `multi names 2 manifests and lacks ${digestOf("e")} (linux/arm64).`,
    ]);
  });
});

describe("images that lack blobs", () => {
  it.each<[string, AuditedSpec, readonly string[]]>([
    [
      "an image that lacks its config",
      { tags: { web: "w" }, lacking: { w: ["config"] } },
      ["incomplete-image web"],
    ],
    [
      "images that lack the same, once; and those that lack something else",
      {
        tags: { a: "a", b: "b", c: "c" },
        stored: {
          a: { layers: ["1", "2"] },
          b: { layers: ["1", "2"] },
          c: { layers: ["1", "2"] },
        },
        lacking: { a: ["1"], b: ["1"], c: ["1", "2"] },
      },
      ["incomplete-image a", "incomplete-image c"],
    ],
    [
      "what an index leads to by the tag of that",
      {
        tags: { multi: "i" },
        stored: { i: { children: ["c"] }, c: {} },
        lacking: { c: ["config"] },
      },
      ["incomplete-image multi"],
    ],
    [
      "what no tag leads to by its digest",
      { tags: {}, stored: { w: {} }, untagged: ["w"], lacking: { w: ["config"] } },
      [`incomplete-image ${digestOf("w")}`],
    ],
    [
      "nothing that went while the repository was read",
      {
        tags: { away: "w", multi: "i" },
        stored: { i: { children: ["c"] }, c: {} },
        lacking: { w: ["config"], c: ["config"] },
        gone: ["away"],
        goneManifests: ["c"],
      },
      [],
    ],
  ])("tells %s", (_, spec, faults) => {
    expect(faultsOf(spec)).toEqual(faults);
  });

  it("says which blobs, and for which platform", () => {
    const stored = { i: { children: ["c"] }, c: { layers: ["1"] } };

    const { findings } = auditOf({ tags: { v1: "i" }, stored, lacking: { c: ["config", "1"] } });

    expect(findings.map(({ message }) => message)).toEqual([
      `v1 (linux/amd64) lacks config sha256:${"c".repeat(64)} and blob sha256:${"1".padStart(64, "0")}, which the registry does not have.`,
    ]);
  });
});

describe("records", () => {
  it.each<[string, AuditedSpec, readonly string[]]>([
    [
      "records of a stage that is not there, once for the stage",
      { tags: { ...HEALTHY, [recordOf("1", B)]: "2", [recordOf("2", B)]: "3" }, history: HISTORY },
      [`record-without-stage ${recordOf("1", B)}`],
    ],
    [
      "the record of a custom tag whose stage is not there",
      {
        tags: { ...HEALTHY, "custom-tag-meta-latest": "4" },
        stored: { "4": { labels: { [LABEL.customTag]: "latest", [LABEL.customTagStage]: B } } },
        history: HISTORY,
      },
      ["record-without-stage custom-tag-meta-latest"],
    ],
    [
      "the marker of a stage that is gone",
      { tags: { ...HEALTHY, [`${B}-rejected`]: "5" }, history: HISTORY },
      [`rejected-leftover ${B}-rejected`],
    ],
    [
      "a stage that is marked as broken and still there, and not that it has no record",
      { tags: { ...HEALTHY, [B]: "b", [`${B}-rejected`]: "5" }, history: HISTORY },
      [`rejected-leftover ${B}-rejected`],
    ],
    [
      "a stage that no record names",
      { tags: { ...HEALTHY, [B]: "b" }, history: HISTORY },
      [`stage-without-record ${B}`],
    ],
    [
      "not the ancestor of a stage with a record",
      {
        tags: { ...HEALTHY, [B]: "b" },
        stored: { a: { labels: { [LABEL.parentStage]: B } } },
        history: HISTORY,
      },
      [],
    ],
    [
      "not the ancestor that a stage names by its config",
      {
        tags: { ...HEALTHY, [B]: "b" },
        stored: { a: { labels: { [LABEL.baseImage]: `sha256:${"b".repeat(63)}c` } } },
        history: HISTORY,
      },
      [],
    ],
    [
      "not the children of an index with a record",
      {
        tags: {
          ...WEB,
          [A]: "a",
          [B]: "b",
          ["c".repeat(56)]: "i",
          [recordOf("1", "c".repeat(56))]: "1",
        },
        stored: { i: { children: ["a", "b"] } },
        history: HISTORY,
      },
      [],
    ],
    [
      "not a stage that was just built",
      {
        tags: { ...HEALTHY, [stageOf("b", NOW - 1000)]: "b" },
        keepBuiltWithinHours: 2,
        history: HISTORY,
      },
      [],
    ],
    [
      "once that there is no record at all",
      { tags: { [A]: "a", [B]: "b" } },
      ["stage-without-record"],
    ],
    [
      "that most tags are records",
      {
        tags: { ...HEALTHY, "managed-image-a": "2", "managed-image-b": "3" },
        history: HISTORY,
        thresholds: { recordsFrom: 5, recordsShare: 0.7 },
      },
      ["too-many-records"],
    ],
    [
      "not that as many are as there may be",
      {
        tags: { ...HEALTHY, "managed-image-a": "2", "managed-image-b": "3" },
        history: HISTORY,
        thresholds: { recordsFrom: 5, recordsShare: 0.8 },
      },
      [],
    ],
  ])("tells %s", (_, spec, faults) => {
    expect(faultsOf(spec)).toEqual(faults);
  });

  it("says that it cannot tell stages without a record where a stage with one cannot be read", () => {
    const tags = { ...HEALTHY, [B]: "b" };

    const told = auditOf({ tags, stored: { a: { unreadable: true } }, history: HISTORY });

    expect(told.findings).toEqual([]);
    expect(told.warnings).toEqual([
      `reg.test/shop: 1 stage without a record is not reported: ${A} cannot be read, so nobody knows what it was made from`,
    ]);
  });
});

describe("commits", () => {
  const tags = { ...HEALTHY, [B]: "b", [recordOf("8", B)]: "2" };

  it("tells a stage of which no reference reaches any commit", () => {
    expect(auditOf({ tags, history: HISTORY }).findings).toMatchObject([
      { rule: "unknown-commit", severity: "warning", subject: B },
    ]);
  });

  it("notes a stage of which no reference reaches one of several commits", () => {
    const more = { ...tags, [recordOf("2", B)]: "3" };

    expect(auditOf({ tags: more, history: HISTORY }).findings).toMatchObject([
      { rule: "unknown-commit", severity: "note", subject: B },
    ]);
  });

  it("only notes it where the remote was not asked", () => {
    const history = { ...HISTORY, mayBeBehind: true };

    expect(auditOf({ tags, history }).findings).toMatchObject([
      {
        rule: "unknown-commit",
        severity: "note",
        message: `${B} was built from commit 888888888888, which no branch and no tag reaches; the remote was not asked.`,
      },
    ]);
  });

  it("says nothing without a history", () => {
    expect(faultsOf({ tags })).toEqual([]);
  });
});

describe("upkeep", () => {
  const ended = (days: number): Readonly<Record<string, string>> => ({
    [LABEL.lastCleanup]: String(NOW - days * DAY_MS),
  });

  it.each<[string, Partial<AuditedSpec>, readonly string[]]>([
    ["a cleanup of long ago", { lastRun: ended(31) }, ["overdue-cleanup"]],
    ["no cleanup of lately", { lastRun: ended(29) }, []],
    [
      "that there never was one",
      { tags: { ...WEB, [stageOf("a", NOW - 31 * DAY_MS)]: "a" }, keep: [] },
      ["stage-without-record", "overdue-cleanup"],
    ],
    [
      "that most would go",
      { thresholds: { goingFrom: 1, goingShare: 0.5 }, history: lineOf("9") },
      ["unknown-commit " + A, "overdue-cleanup"],
    ],
    [
      "a name that is nearly too long",
      { tags: { ...HEALTHY, ["x".repeat(116)]: "x" } },
      [`tag-near-limit ${"x".repeat(116)}`],
    ],
    ["no shorter name, and none of a record", { tags: { ...HEALTHY, ["x".repeat(115)]: "x" } }, []],
  ])("tells %s", (_, spec, faults) => {
    expect(faultsOf({ tags: HEALTHY, history: HISTORY, ...spec })).toEqual(faults);
  });
});

describe("images in use", () => {
  const tags = { ...HEALTHY, [B]: "b", [recordOf("2", B)]: "2" };

  it.each<[string, Partial<AuditedSpec>, readonly string[]]>([
    ["one that nothing else keeps", { usage: use(B) }, [`in-use-unprotected ${B}`]],
    ["none that a Git policy keeps", { usage: use(A) }, []],
    ["none that the keep list keeps", { usage: use(B), keep: [B] }, []],
    [
      "none that a kept stage was made from",
      { usage: use(B), stored: { a: { labels: { [LABEL.parentStage]: B } } } },
      [],
    ],
    ["none of others", { tags: { ...tags, notes: "n" }, usage: use("notes") }, []],
  ])("tells %s", (_, spec, faults) => {
    expect(faultsOf({ tags, history: HISTORY, ...spec })).toEqual(faults);
  });

  it("says where it runs", () => {
    expect(auditOf({ tags, history: HISTORY, usage: use(B) }).findings).toMatchObject([
      {
        message: `Deployment/web (namespace shop, cluster prod) runs ${B}, and no policy keeps it.`,
      },
    ]);
  });

  it("tells one that runs by a digest to which no tag leads", () => {
    const runs = (letter: string): NonNullable<AuditedSpec["usage"]> =>
      use(A).map((one) => ({ ...one, image: `reg.test/shop@${digestOf(letter)}` }));
    const more = { tags: { ...tags, multi: "i" }, history: HISTORY, untagged: ["e", "c"] };
    const stored = { i: { children: ["c"] }, e: {}, c: {} };

    const [loose, child] = ["e", "c"].map((letter) =>
      faultsOf({ ...more, stored, usage: runs(letter) }),
    );

    expect(loose).toEqual([`in-use-unprotected ${digestOf("e")}`]);
    expect(child).toEqual([]);
  });

  it("says nothing where there is no policy", () => {
    expect(faultsOf({ tags, usage: use(B) })).toEqual([]);
  });
});

describe("releases", () => {
  const history = {
    ...HISTORY,
    references: [
      ...HISTORY.references,
      { kind: "tag", name: "Release/7", commit: "1".repeat(40), time: NOW / 1000 },
    ],
  } as const;

  it.each<[string, Partial<AuditedSpec>, readonly string[]]>([
    ["a version", { tags: { "v1.2.3": "v" } }, ["unsigned-release v1.2.3"]],
    ["none that is signed", { tags: { "v1.2.3": "v" }, findable: signedBy("v") }, []],
    ["no version before its release", { tags: { "1.2.3-rc.1": "v", "1.2": "w" } }, []],
    [
      "what is named like a Git tag that is kept",
      { tags: { [RELEASE]: "v", "Release-8": "w" }, history },
      [`unsigned-release ${RELEASE}`],
    ],
    [
      "what a pattern says",
      { tags: { stable: "v" }, releaseTags: /^stable$/ },
      ["unsigned-release stable"],
    ],
    ["no version that a pattern does not", { tags: { "1.0.0": "v" }, releaseTags: /^stable$/ }, []],
    ["no stage", { tags: HEALTHY, history: HISTORY, releaseTags: /./ }, []],
  ])("tells %s", (_, spec, faults) => {
    expect(faultsOf({ tags: {}, ...spec })).toEqual(faults);
  });

  function signedBy(letter: string): NonNullable<AuditedSpec["findable"]> {
    return { signed: new Set([digestOf(letter)]) };
  }
});

describe("tags that moved", () => {
  const before = (
    tags: Readonly<Record<string, string>>,
  ): NonNullable<AuditedSpec["findable"]> => ({
    signed: new Set([digestOf("v")]),
    earlier: {
      createdAt: "2026-01-01T00:00:00.000Z",
      tags: Object.entries(tags).map(([tag, letter]) => ({ tag, digest: digestOf(letter) })),
    },
  });

  it("are a note where people may move them, and an error where nobody may", () => {
    const tags = { ...HEALTHY, edge: "e", "1.0.0": "v", "managed-image-web": "7" };
    const findable = before({ edge: "d", "1.0.0": "w", [A]: "f", "managed-image-web": "6" });

    const { findings } = auditOf({ tags, history: HISTORY, findable });

    expect(findings.map(({ severity, subject }) => [severity, subject])).toEqual([
      ["error", A],
      ["note", "edge"],
      ["error", "1.0.0"],
    ]);
  });

  it("are none when they are new, gone or the same", () => {
    const findable = before({ gone: "d", same: "e" });

    expect(faultsOf({ tags: { fresh: "d", same: "e" }, findable })).toEqual([]);
  });
});

describe("base images", () => {
  const stored = { a: { base: "docker.io/library/debian:9" }, b: { base: "debian:9-slim" } };

  it("past support are told once for each image, with the newest tag", () => {
    const younger = stageOf("b", NOW - DAY_MS);
    const tags = { ...HEALTHY, [younger]: "b", [recordOf("1", younger)]: "2" };

    expect(auditOf({ tags, stored, history: HISTORY }).findings).toMatchObject([
      {
        rule: "base-image-past-support",
        subject: younger,
        message: `Image web is built on Debian 9, whose support ended on 2022-07-01 (base image docker.io/library/debian:9); 2 tags that stay, the newest ${younger}.`,
      },
    ]);
  });

  it("are told of an image however deep in indexes it lies", () => {
    const nested = { o: { children: ["i"] }, i: { children: ["d"] }, d: { base: "debian:9" } };

    expect(faultsOf({ tags: { v1: "o" }, stored: nested })).toContainEqual(
      expect.stringContaining("base-image-past-support"),
    );
  });

  it("of what goes anyway are not", () => {
    const tags = { ...HEALTHY, [B]: "b", [recordOf("2", B)]: "2" };

    expect(faultsOf({ tags, stored: { b: stored.b }, history: HISTORY })).toEqual([]);
  });
});
