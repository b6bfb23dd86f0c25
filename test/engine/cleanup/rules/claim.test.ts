import { describe, expect, it } from "vitest";
import { lineOf, recordOf, stageOf, digestOf } from "../repository.ts";
import { going, outcome, planClaims } from "./claimed.ts";

const NOTHING_STAYS = [{ tags: "/.*/", gitHistory: false, keep: [{ last: 0 }] }];

describe("a rule", () => {
  it("claims foreign tags and no others", () => {
    const stage = stageOf("a");
    const tags = {
      [stage]: "a",
      [recordOf("c", stage)]: "b",
      "managed-image-web": "c",
      [`sha256-${"d".repeat(64)}`]: "e",
      ["1".repeat(56)]: "d",
      cleanup: "9",
      "tidemark-journal-1": "8",
      mine: "7",
    };

    const { kept, deletions } = planClaims({ rules: NOTHING_STAYS, tags }).plan;
    const entries = [...kept, ...deletions.flatMap((item) => item.tags)];

    expect(entries).toHaveLength(Object.keys(tags).length);
    expect(entries.filter(({ claim }) => claim !== undefined)).toEqual([
      expect.objectContaining({ tag: "mine", class: "image", because: "unneeded" }),
    ]);
  });

  it("leaves a tag alone that the record of a custom tag tells of, though nobody can read the record", () => {
    const repository = {
      rules: NOTHING_STAYS,
      tags: { stable: "a", "custom-tag-meta-stable": "b", other: "c" },
      manifests: { b: { unreadable: "manifest" as const } },
    };

    expect(going(repository)).toEqual(["other"]);
  });

  it("leaves a tag to the first rule that matches it", () => {
    const rules = [
      { name: "releases", tags: "/v.*/", gitHistory: false, keep: [{ tags: "/.*/" }] },
      ...NOTHING_STAYS,
    ];

    expect(outcome({ rules, tags: { v1: "a", w1: "b" } })).toEqual({
      v1: "releases keeps it: it is matched by /.*/",
      w1: "unneeded",
    });
  });

  it("matches whole tags", () => {
    const rules = [{ tags: "/pr-[0-9]+|tmp/", gitHistory: false, keep: [{ last: 0 }] }];
    const tags = { "pr-1": "a", "pr-1-x": "b", "xpr-1": "c", tmp: "d", tmp2: "e" };

    expect(going({ rules, tags })).toEqual(["pr-1", "tmp"]);
  });

  it("takes the image's name from itself, the tag, or the repository", () => {
    const rules = [
      { tags: "/fixed-.*/", image: "api", gitHistory: false, keep: [{ last: 1 }] },
      { tags: "/(?P<image>[a-z]+)-[0-9]+/", gitHistory: false, keep: [{ last: 1 }] },
      { tags: "/.*/", gitHistory: false, keep: [{ last: 1 }] },
    ];
    const tags = { "fixed-1": ["a", 1], "web-1": ["b", 1], x: ["c", 1] } as const;

    const images = planClaims({ rules, tags }).plan.kept.map(({ tag, claim }) => [
      tag,
      claim?.image,
    ]);

    expect(images).toEqual([
      ["fixed-1", "api"],
      ["web-1", "web"],
      ["x", "shop"],
    ]);
  });

  it("says that it matches nothing, or only what is another's", () => {
    const rules = [
      { name: "first", tags: "/v.*/" },
      { name: "second", tags: "/v1/" },
      { name: "third", tags: "/w.*/" },
    ];

    expect(planClaims({ rules, tags: { v1: "a" } }).plan.warnings).toEqual([
      "second (/v1/) claims no tag: what it matches belongs to an earlier rule, or is a stage, a record or a signature",
      "third (/w.*/) matches no tag",
    ]);
  });

  it("changes nothing for what no rule claims", () => {
    const tags = { latest: "a" };

    expect(outcome({ rules: [{ tags: "/v.*/", keep: [{ last: 0 }] }], tags })).toEqual({
      latest: "none of this project's stages, records and custom tags, so it is left alone",
    });
  });
});

describe("a claimed tag", () => {
  const rules = [{ tags: "/v.*/", gitHistory: false, keep: [{ tags: "/.*-keep/" }, { last: 0 }] }];

  it("goes alone while another tag on its manifest stays", () => {
    const { plan } = planClaims({ rules, tags: { v1: "a", "v1-keep": "a", v2: "b" } });

    expect(
      plan.deletions.map(({ digest, how, tags }) => [digest, how, tags.map(({ tag }) => tag)]),
    ).toEqual([
      [digestOf("a"), "tag", ["v1"]],
      [digestOf("b"), "manifest", ["v2"]],
    ]);
  });

  it("stays where its index stays", () => {
    const repository = {
      rules,
      tags: { "v1-keep": "i", "v1-amd64": "a", v2: "b" },
      manifests: { i: { children: ["a"] } },
    };

    expect(outcome(repository)).toEqual({
      "v1-keep": "rule 1 keeps it: it is matched by /.*-keep/",
      "v1-amd64": "child of the index v1-keep",
      v2: "unneeded",
    });
  });

  it("goes after the index that has it as child, however deep", () => {
    const { plan } = planClaims({
      rules: [
        { tags: "/v(?P<version>[0-9.]+)(?:-.*)?/", gitHistory: false, keep: [{ semver: ">9" }] },
      ],
      tags: { "v1.0.0": "i", "v1.0.0-amd64": "a" },
      manifests: { i: { children: ["j"] }, j: { children: ["a"] } },
    });

    expect(plan.deletions.map(({ level, tags, after }) => [level, tags[0]?.tag, after])).toEqual([
      [0, "v1.0.0", []],
      [1, "v1.0.0-amd64", ["v1.0.0"]],
    ]);
  });

  it("stays while a cluster uses it, by tag or by digest", () => {
    const used = (image: string) => ({
      image,
      cluster: "prod",
      namespace: "shop",
      object: "Deployment/web",
      container: "web",
    });
    const usage = [used("reg.test/acme/shop:v1"), used(`mirror.test/x@${digestOf("b")}`)];

    const tags = { v1: "a", v2: "b", v3: "c" };

    expect(going({ rules, tags, more: { usage } })).toEqual(["v3"]);
  });

  it("takes its signatures along, and keeps them while it stays", () => {
    const signature = (letter: string): string => `sha256-${letter.repeat(64)}.sig`;
    const tags = {
      v1: "a",
      [signature("a")]: "c",
      "v2-keep": "b",
      [signature("b")]: "d",
    };

    expect(going({ rules, tags })).toEqual([signature("a"), "v1"]);
  });

  it("stays when it resolves to nothing", () => {
    const dangling = [{ tag: "v1", class: { kind: "foreign" } }] as const;

    expect(outcome({ rules, tags: {}, more: { tags: dangling } })).toEqual({
      v1: "cannot be read, and doubt keeps",
    });
  });

  it("goes in a purge, whatever its rule keeps", () => {
    expect(going({ rules, tags: { v1: "a", "v1-keep": "b" }, more: { purge: true } })).toEqual([
      "v1",
      "v1-keep",
    ]);
  });

  it("is nobody's in a copy of another repository", () => {
    const repository = { host: "reg.test", name: "acme/primary" };
    const primary = {
      repository,
      stays: new Set<string>(),
      leases: [],
      digests: new Map(),
      customTags: [],
    };

    expect(going({ rules, tags: { v1: "a" }, more: { primary } })).toEqual([]);
  });

  it("goes though a stage of the project stays on its manifest, and takes only itself", () => {
    const stage = stageOf("s");
    const repository = {
      rules,
      tags: { v1: "s", [stage]: "s", [recordOf("c", stage)]: "r", "managed-image-web": "m" },
      manifests: { s: { labels: { werf: "shop" } }, m: { labels: { werf: "shop" } } },
      history: lineOf("c"),
    };

    const { deletions } = planClaims(repository).plan;

    expect(deletions.map(({ how, tags }) => [how, tags.map(({ tag }) => tag)])).toEqual([
      ["tag", ["v1"]],
    ]);
  });

  it("is told with its rule, image and commits on both sides of the plan", () => {
    const byHistory = [{ name: "builds", tags: "/(?P<image>web)-(?P<commit>[0-9a-f]+)/" }];
    const tags = { "web-cccccccc": "a", "web-dddddddd": "b" };

    const { plan } = planClaims({ rules: byHistory, tags, history: lineOf("c", "d") });

    expect(plan.kept.map(({ class: label, claim }) => [label, claim])).toEqual([
      ["image", { rule: "builds", image: "web", commits: ["c".repeat(40)] }],
    ]);
    expect(plan.deletions[0]?.tags).toEqual([
      {
        tag: "web-dddddddd",
        class: "image",
        because: "unneeded",
        claim: { rule: "builds", image: "web", commits: ["d".repeat(40)] },
      },
    ]);
  });
});
