import { describe, expect, it } from "vitest";
import type { History } from "../../../../src/engine/cleanup/history.ts";
import { NOW, commitOf, lineOf } from "../repository.ts";
import { going, guardsOf, outcome, planClaims } from "./claimed.ts";

const REVISION = "org.opencontainers.image.revision";
const BUILDS = [
  { name: "builds", tags: "/(?:(?P<image>api|web)-)?(?P<commit>[0-9a-f]{7,64}|.*)/" },
];
const KEPT_BY_MAIN = `keep policy 1: branch main has image shop at commit ${"c".repeat(12)}`;

describe("a claimed tag whose name has its commit", () => {
  it("stays while the keep policies need that commit for its image", () => {
    const tags = {
      "web-ccccccc": "1",
      "web-ddddddd": "2",
      "api-ddddddd": "3",
      [commitOf("e")]: "4",
    };

    expect(outcome({ rules: BUILDS, tags, history: lineOf("c", "d", "e") })).toEqual({
      "web-ccccccc": `keep policy 1: branch main has image web at commit ${"c".repeat(12)}`,
      "web-ddddddd": "unneeded",
      "api-ddddddd": `keep policy 1: branch main has image api at commit ${"d".repeat(12)}`,
      [commitOf("e")]: `keep policy 1: branch main has image shop at commit ${"e".repeat(12)}`,
    });
  });

  it("is not read for it, and only what stays is read at all", () => {
    const tags = { ccccccc: "1", ddddddd: "2" };

    expect(planClaims({ rules: BUILDS, tags, history: lineOf("c", "d") }).read).toEqual(["1"]);
  });

  it("goes as one of a commit that no reference reaches", () => {
    const tags = { ccccccc: "1", fffffff: "2" };

    expect(outcome({ rules: BUILDS, tags, history: lineOf("c") })).toEqual({
      ccccccc: KEPT_BY_MAIN,
      fffffff: "unknown-commit",
    });
  });

  it("stays when its commit is not known because the remote was not asked", () => {
    const history = { ...lineOf("c"), mayBeBehind: true };

    expect(going({ rules: BUILDS, tags: { ccccccc: "1", fffffff: "2" }, history })).toEqual([]);
  });

  it("stays when its abbreviation means several commits", () => {
    const history = withIds("abcdef0", "abcdef1");

    expect(
      outcome({ rules: BUILDS, tags: { abcdef00: "1", abcdef: "2", abcdef0: "3" }, history }),
    ).toEqual({
      abcdef00: `keep policy 1: branch main has image shop at commit abcdef000000`,
      abcdef: "builds claims it and does not decide about it: it names no commit",
      abcdef0: `keep policy 1: branch main has image shop at commit abcdef000000`,
    });
    expect(
      outcome({ rules: BUILDS, tags: { abcdef0: "1" }, history: withIds("abcdef01", "abcdef02") }),
    ).toEqual({
      abcdef0:
        "builds claims it and does not decide about it: its commit abcdef0 is the beginning of several",
    });
  });

  it("stays when it may be a number, which is no commit of any history", () => {
    const tags = { "20240101": "1", "1234567": "2", fffffff: "3" };

    expect(going({ rules: BUILDS, tags, history: withIds("1234567a") })).toEqual(["fffffff"]);
  });

  it("is found by its beginning in a repository of SHA-256", () => {
    const history = withIds("c".repeat(64), "d".repeat(64));

    expect(going({ rules: BUILDS, tags: { [commitOf("c")]: "1", ddddddd: "2" }, history })).toEqual(
      ["ddddddd"],
    );
  });

  it("counts once with the other tags of its commit", () => {
    const tags = { "web-ccccccc": "1", "web-cccccccc": "2", "web-ddddddd": "3" };

    expect(going({ rules: BUILDS, tags, history: lineOf("c", "d") })).toEqual(["web-ddddddd"]);
  });

  it("is kept by nothing that Git says where the rule leaves the history out", () => {
    const rules = [{ tags: "/(?P<commit>[0-9a-f]{7})/", gitHistory: false, keep: [{ last: 0 }] }];

    expect(going({ rules, tags: { ccccccc: "1" }, history: lineOf("c") })).toEqual(["ccccccc"]);
  });
});

describe("a claimed tag whose name has no commit", () => {
  it.each([
    ["a label", { labels: { [REVISION]: commitOf("d") } }],
    ["an annotation", { annotations: { [REVISION]: commitOf("d") } }],
    ["an abbreviation", { labels: { [REVISION]: "ddddddd" } }],
    ["git describe", { labels: { [REVISION]: "v1.2-3-gddddddd" } }],
    ["a changed work tree", { labels: { [REVISION]: "ddddddd-dirty" } }],
    ["a reference before it", { labels: { [REVISION]: `main@sha1:${commitOf("d")}` } }],
  ])("has it from %s", (_, manifest) => {
    const repository = { rules: BUILDS, tags: { v1: "1" }, history: lineOf("c", "d") };

    expect(
      planClaims({ ...repository, manifests: { "1": manifest } }).plan.kept[0]?.claim?.commits,
    ).toEqual([commitOf("d")]);
  });

  it("has it from the annotation rather than from the label, which is then not read", () => {
    const { plan, read } = planClaims({
      rules: BUILDS,
      tags: { v1: "1" },
      manifests: {
        "1": { annotations: { [REVISION]: commitOf("c") }, labels: { [REVISION]: commitOf("d") } },
      },
      history: lineOf("c", "d"),
    });

    expect(plan.kept[0]?.claim?.commits).toEqual([commitOf("c")]);
    expect(read).toEqual(["1"]);
  });

  it("has those of its platforms, and stays for any of them", () => {
    const repository = {
      rules: BUILDS,
      tags: { v1: "1", ccccccc: "9" },
      manifests: {
        "1": { children: ["2", "3"] },
        "2": { labels: { [REVISION]: commitOf("e") } },
        "3": { labels: { [REVISION]: commitOf("c") } },
      },
      history: lineOf("c", "d", "e"),
    };

    expect(outcome(repository)).toEqual({ v1: KEPT_BY_MAIN, ccccccc: KEPT_BY_MAIN });
  });

  it("does not have that of a child that no platform runs", () => {
    const { read } = planClaims({
      rules: BUILDS,
      tags: { v1: "1" },
      manifests: { "1": { children: ["2", "3"] }, "3": { runs: false } },
      history: lineOf("c"),
    });

    expect(read).toEqual(["1", "2", "2 config"]);
  });

  it("stays when nothing else in the rule looks at it", () => {
    const manifests = { "1": { labels: { [REVISION]: "main" } } };

    expect(
      outcome({ rules: BUILDS, tags: { v1: "1", v2: "2" }, manifests, history: lineOf("c") }),
    ).toEqual({
      v1: 'builds claims it and does not decide about it: its revision "main" names no commit',
      v2: "builds claims it and does not decide about it: it names no commit",
    });
  });

  it("stays when what may name its commit cannot be read, whatever else the rule says", () => {
    const rules = [{ name: "all", tags: "/.*/", keep: [{ last: 0 }] }];
    const manifests = { "1": { unreadable: "manifest" }, "2": { unreadable: "config" } } as const;

    const found = outcome({
      rules,
      tags: { v1: "1", v2: "2", v3: "3" },
      manifests,
      history: lineOf("c"),
    });

    expect(found).toEqual({
      v1: "all claims it and does not decide about it: what may name its commit cannot be read",
      v2: "all claims it and does not decide about it: what may name its commit cannot be read",
      v3: "unneeded",
    });
  });

  it("has none where the rule does not read revisions", () => {
    const rules = [{ tags: "/.*/", readRevision: false, keep: [{ last: 0 }] }];
    const manifests = { "1": { labels: { [REVISION]: commitOf("c") } } };

    expect(going({ rules, tags: { v1: "1" }, manifests, history: lineOf("c") })).toEqual(["v1"]);
  });

  it("stays while the Git policies are off and nothing else looks at it", () => {
    const rules = [{ name: "all", tags: "/(?P<commit>c+)/" }];

    expect(outcome({ rules, tags: { ccccccc: "1" } })).toEqual({
      ccccccc:
        "all claims it and does not decide about it: the Git policies do not count, and no other part of the rule looks at it",
    });
  });
});

describe("the age policy", () => {
  const rules = [{ tags: "/(?P<commit>[0-9a-f]{7})/" }];
  const created = new Date(NOW - 3_600_000).toISOString();

  it("keeps a claimed tag that was just pushed or made", () => {
    const repository = {
      rules,
      tags: { ccccccc: "1", ddddddd: ["2", 0.04], eeeeeee: "3", fffffff: ["4", 3] } as const,
      manifests: { "3": { created } },
      history: lineOf("c", "d", "e", "f"),
      keepBuiltWithinHours: 2,
    };

    expect(going(repository)).toEqual(["fffffff"]);
  });

  it("keeps a tag of an unknown commit of which nothing tells the time", () => {
    const repository = {
      rules,
      tags: { ccccccc: "1", fffffff: "2", eeeeeee: "3" },
      manifests: {
        "2": { created: "1970-01-01T00:00:00Z" },
        "3": { created: "2020-01-01T00:00:00Z" },
      },
      history: lineOf("c"),
      keepBuiltWithinHours: 2,
    };

    expect(going(repository)).toEqual(["eeeeeee"]);
    expect(outcome(repository)["fffffff"]).toBe(
      "rule 1 claims it and does not decide about it: neither its commit is known nor when it was made",
    );
  });
});

describe("guards", () => {
  const tags = { fffffff: "1", eeeeeee: "2" };

  it("stop a run whose images name commits of another history", () => {
    expect(guardsOf({ rules: BUILDS, tags, history: lineOf("c") })).toEqual([
      "nothing-kept",
      "unknown-history",
    ]);
  });

  it("stop it though a record of a stage is known", () => {
    const stays = { ...tags, v1: "3" };
    const rules = [{ tags: "v1", gitHistory: false, keep: [{ tags: "v1" }] }, ...BUILDS];

    expect(guardsOf({ rules, tags: stays, history: lineOf("c") })).toEqual(["unknown-history"]);
  });

  it("let images go by age alone without asking the history", () => {
    const rules = [{ tags: "/.*/", keep: [{ in: "24h" }] }];

    expect(guardsOf({ rules, tags: { a: ["1", 9], b: ["2", 0] }, history: lineOf("c") })).toEqual(
      [],
    );
  });

  it("do not count an image that stays only because nobody decides about it", () => {
    const rules = [{ tags: "/.*/", keep: [{ semver: "*", last: 0 }] }];

    expect(guardsOf({ rules, tags: { "1.0.0": "1", latest: "2" }, history: lineOf("c") })).toEqual([
      "nothing-kept",
    ]);
  });
});

/** One branch over commits with these ids, newest first; short ones go on with zeros. */
function withIds(...ids: readonly string[]): History {
  const { references, graph } = lineOf(...ids);
  const full = ids.map((id) => id.padEnd(40, "0"));
  return {
    references: references.map((reference) => ({ ...reference, commit: full[0] ?? "" })),
    graph: { ...graph, indexOf: (hex) => full.indexOf(hex), hexOf: (place) => full[place] ?? "" },
  };
}
