import { describe, expect, it } from "vitest";
import { NOW } from "../repository.ts";
import { going, outcome, planClaims } from "./claimed.ts";
import type { ManifestSpec, TagSpec } from "./claimed.ts";

/** What of these tags one rule with these entries lets go. */
function gone(
  keep: readonly object[],
  tags: Readonly<Record<string, TagSpec>>,
  manifests: Readonly<Record<string, ManifestSpec>> = {},
): string[] {
  const rules = [{ tags: "/(?:(?P<image>web|api)-)?(?P<version>.*)/", gitHistory: false, keep }];
  return going({ rules, tags, manifests });
}

describe("last", () => {
  const tags = {
    "web-a": ["1", 1],
    "web-b": ["2", 2],
    "web-c": ["3", 3],
    "api-a": ["4", 9],
  } as const;

  it("keeps the newest of each image", () => {
    expect(gone([{ last: 1 }], tags)).toEqual(["web-b", "web-c"]);
    expect(gone([{ last: 2 }], tags)).toEqual(["web-c"]);
    expect(gone([{ last: -1 }], tags)).toEqual([]);
    expect(gone([{ last: 0 }], tags)).toEqual(["api-a", "web-a", "web-b", "web-c"]);
  });

  it("counts an image with several tags once, at its youngest push", () => {
    const shared = { a: ["1", 1], b: ["1", 9], c: ["2", 2], d: ["3", 3] } as const;

    expect(gone([{ last: 2 }], shared)).toEqual(["d"]);
  });

  it("counts what is as young as another in the same place", () => {
    const same = { a: ["1", 1], b: ["2", 1], c: ["3", 1], d: ["4", 2] } as const;

    expect(gone([{ last: 1 }], same)).toEqual(["d"]);
  });

  it("keeps what nothing tells the time of, and gives it no place", () => {
    const some = { a: ["1", 1], b: ["2", 2], c: "3", d: "4" } as const;

    expect(gone([{ last: 1 }], some)).toEqual(["b"]);
  });

  it("gives no place to a time that cannot be", () => {
    const manifests = {
      "1": { created: "2030-01-01T00:00:00Z" },
      "2": { created: "2020-01-01T00:00:00Z" },
      "3": { created: "2019-01-01T00:00:00Z" },
    };

    expect(gone([{ last: 1 }], { a: "1", b: "2", c: "3" }, manifests)).toEqual(["c"]);
  });

  it("looks only at the tags that the entry names", () => {
    const keep = [{ tags: "/web-.*/", last: 1 }];

    expect(gone(keep, tags)).toEqual(["web-b", "web-c"]);
  });
});

describe("the time of an image", () => {
  const old = "2020-01-01T00:00:00Z";
  const young = new Date(NOW - 3_600_000).toISOString();
  const keep = [{ in: "24h" }];

  it("is that of its push", () => {
    expect(gone(keep, { a: ["1", 2], b: ["2", 0.5] }, { "1": { created: young } })).toEqual(["a"]);
  });

  it("is what it says of itself where no push is told", () => {
    const manifests = {
      "1": { created: old },
      "2": { created: young },
      "3": { annotations: { "org.opencontainers.image.created": old }, created: young },
    };

    expect(gone(keep, { a: "1", b: "2", c: "3" }, manifests)).toEqual(["a", "c"]);
  });

  it.each([
    "1970-01-01T00:00:00Z",
    "1980-01-01T00:00:01Z",
    "0001-01-01T00:00:00Z",
    "2030-01-01T00:00:00Z",
    "yesterday",
    "",
  ])("is not %j", (created) => {
    expect(gone(keep, { a: "1", b: "2" }, { "1": { created }, "2": { created: old } })).toEqual([
      "b",
    ]);
  });

  it("is that of an index's youngest platform, nested ones too", () => {
    const manifests = {
      "1": { children: ["2", "3"] },
      "2": { created: old },
      "3": { children: ["4"] },
      "4": { created: young },
      "5": { children: ["2"] },
    };

    expect(gone(keep, { a: "1", b: "5" }, manifests)).toEqual(["b"]);
  });

  it("is unknown when a part of it cannot be read", () => {
    const manifests = {
      "1": { children: ["2", "3"] },
      "2": { created: old },
      "3": { unreadable: "config" as const },
    };

    expect(gone(keep, { a: "1" }, manifests)).toEqual([]);
  });

  it("is not asked for where nothing depends on it", () => {
    const rules = [{ tags: "/.*/", gitHistory: false, keep: [{ semver: "*", last: 1 }] }];

    expect(planClaims({ rules, tags: { "1.0.0": "1", "2.0.0": "2" } }).read).toEqual(["2"]);
  });
});

describe("in and last", () => {
  const tags = { a: ["1", 1], b: ["2", 2], c: ["3", 3], d: ["4", 9] } as const;

  it("both have to hold, or either", () => {
    expect(gone([{ last: 3, in: "60h" }], tags)).toEqual(["c", "d"]);
    expect(gone([{ last: 1, in: "60h", operator: "Or" }], tags)).toEqual(["c", "d"]);
    expect(gone([{ last: 4, in: "1h", operator: "Or" }], tags)).toEqual([]);
  });

  it("of several entries any keeps", () => {
    expect(gone([{ last: 1 }, { in: "60h" }, { tags: "d" }], tags)).toEqual(["c"]);
  });
});

describe("semver", () => {
  const tags = {
    "v1.2.0": "1",
    "v1.2.1": "2",
    "v1.3.0-rc.1": "3",
    "v1.3.0": "4",
    "v2.0.0": "5",
    "1.2": "6",
    latest: "7",
  };

  it("looks at whole versions only", () => {
    expect(gone([{ semver: "*", last: 0 }], tags)).toEqual([
      "v1.2.0",
      "v1.2.1",
      "v1.3.0",
      "v1.3.0-rc.1",
      "v2.0.0",
    ]);
  });

  it("keeps the range", () => {
    expect(gone([{ semver: ">=1.3.0" }], tags)).toEqual(["v1.2.0", "v1.2.1", "v1.3.0-rc.1"]);
    expect(gone([{ semver: "~1.2" }], tags)).toEqual(["v1.3.0", "v1.3.0-rc.1", "v2.0.0"]);
  });

  it("keeps the highest of each image, major or minor version", () => {
    expect(gone([{ semver: "*", last: 1 }], tags)).toEqual([
      "v1.2.0",
      "v1.2.1",
      "v1.3.0",
      "v1.3.0-rc.1",
    ]);
    expect(gone([{ semver: "*", per: "major", last: 1 }], tags)).toEqual([
      "v1.2.0",
      "v1.2.1",
      "v1.3.0-rc.1",
    ]);
    expect(gone([{ semver: "*", per: "minor", last: 1 }], tags)).toEqual(["v1.2.0", "v1.3.0-rc.1"]);
  });

  it("counts the tags of one version once", () => {
    expect(gone([{ semver: "*", last: 1 }], { "1.0.0": "1", "v1.0.0": "2", "0.9.0": "3" })).toEqual(
      ["0.9.0"],
    );
  });

  it("tells by what it keeps", () => {
    const rules = [
      {
        name: "releases",
        tags: "/(?P<image>web)-(?P<version>.*)/",
        gitHistory: false,
        keep: [{ semver: "^1.2", per: "minor", last: 2, in: "720h", operator: "Or" }],
      },
    ];

    expect(outcome({ rules, tags: { "web-1.4.2": ["1", 3] } })).toEqual({
      "web-1.4.2":
        "releases keeps it: it is version 1.4.2, in the range ^1.2, among the highest 2 of image web 1.4 or younger than 720h",
    });
  });
});

describe("withoutCommit", () => {
  it("looks only at tags that name no commit", () => {
    const rules = [
      { tags: "/(?P<commit>[0-9a-f]{7})|.*/", keep: [{ withoutCommit: true, in: "24h" }] },
    ];
    const tags = { ccccccc: ["1", 9], old: ["2", 9], young: ["3", 0] } as const;

    expect(going({ rules, tags })).toEqual(["old"]);
  });
});
