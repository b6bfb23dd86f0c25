import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerRegistry2 } from "../../contract-tests/fakes/personality.ts";
import { describeBecause, describeReason } from "../../src/report/describe-reason.ts";
import type { Reason } from "../../src/engine/cleanup/reason.ts";
import { openWorld, stage } from "./world.ts";
import type { World } from "./world.ts";

/** What every image that goes was compared with. */
const UNNEEDED = [
  "  - no cluster was asked whether it is used",
  "  - neither the keep list nor a running publisher names it",
  "  - nothing that stays has it as child, ancestor, import or dependency",
];

let world: World;
/** Every tag and commit by the id a reader knows it by. */
let names: ReadonlyMap<string, string>;

beforeAll(async () => {
  world = await openWorld({
    fake: { ...dockerRegistry2 },
    registry: {
      stages: [
        stage("s1"),
        stage("s3", { parent: "middle" }),
        stage("middle", { parent: "base" }),
        stage("base"),
        stage("shared"),
        stage("arm", { content: "arm" }),
        stage("broken"),
        stage("listed"),
        stage("orphan"),
      ],
      indexes: [{ id: "both", children: ["s3", "arm"], media: "docker", tagged: true }],
      records: [
        ["shop", "c1", "s1"],
        ["shop", "c3", "s3"],
        ["shop", "c3", "both"],
        ["shop", "c3", "broken"],
      ],
      customTags: { stable: "s3" },
      rejected: ["broken"],
      foreign: [{ tag: "notes" }, { tag: "pinned", sameDigestAs: "shared" }],
    },
  });
  const ids = ["s1", "s3", "middle", "base", "shared", "arm", "broken", "listed", "orphan", "both"];
  names = new Map([
    ...ids.map((id): [string, string] => [id, world.tag(id)]),
    ["record of s1", world.model.recordTag(["shop", "c1", "s1"])],
    ["C1", world.remote.commitOf("c1").slice(0, 12)],
    ["C3", world.remote.commitOf("c3").slice(0, 12)],
  ]);
});

afterAll(() => world[Symbol.asyncDispose]());

describe("a tag that stays", () => {
  it("by a keep policy", async () => {
    expect(await explain("both")).toBe(
      "both is kept:\n  - keep policy 1: branch main has image shop at commit C3\n",
    );
  });

  it("by a chain, each step below the one it serves", async () => {
    expect(await explain("base")).toBe(
      [
        "base is kept:",
        "  - ancestor of middle",
        "    - ancestor of s3",
        "      - keep policy 1: branch main has image shop at commit C3",
        "      - child of the index both",
        "        - keep policy 1: branch main has image shop at commit C3",
        "",
      ].join("\n"),
    );
  });

  it("by an index", async () => {
    expect(await explain("arm")).toBe(
      "arm is kept:\n  - child of the index both\n    - keep policy 1: branch main has image shop at commit C3\n",
    );
  });

  it("by the keep list", async () => {
    const file = join(world.root, "keep");
    await writeFile(file, `${world.tag("listed")}\n`);

    expect(await explain("listed", "--keep-list", file)).toBe(
      "listed is kept:\n  - the keep list names it\n",
    );
  });

  it("because the registry cannot remove it alone", async () => {
    expect(await explain("shared")).toBe(
      [
        "shared is kept:",
        "  - the registry cannot remove it without pinned",
        "    - none of this project's stages, records and custom tags, so it is left alone",
        "",
      ].join("\n"),
    );
  });

  it("because it is not ours", async () => {
    expect(await explain("notes")).toBe(
      "notes is kept:\n  - none of this project's stages, records and custom tags, so it is left alone\n",
    );
  });
});

describe("a tag that would go", () => {
  it("is told with everything that could have kept it", async () => {
    expect(await explain("s1")).toBe(
      [
        "s1 would go, with its manifest: nothing needs it",
        "  - no keep policy keeps it as image shop at commit C1",
        "    - branch main (keep policy 1) has the commit as number 2 of image shop; the policy keeps the newest 1",
        "  - not built within the last 2 hours: it was built at TIME",
        ...UNNEEDED,
        "",
      ].join("\n"),
    );
  });

  it("without any record is told to have none", async () => {
    const text = await explain("orphan", "--keep-stages-built-within-last-n-hours", "0");

    expect(text).toContain("\n  - nothing ties it to a commit\n  - age keeps nothing: ");
  });

  it("as rejected is told to have lost what Git gives", async () => {
    expect(await explain("broken")).toBe(
      [
        "broken would go, with its manifest: it is marked as rejected, and nothing kept needs it",
        "  - so neither Git nor its age keeps it",
        ...UNNEEDED,
        "",
      ].join("\n"),
    );
  });

  it("as a record is told to wait for its stage", async () => {
    expect(await explain("record of s1")).toBe(
      [
        "record of s1 would go, with its manifest: its stage goes or is gone",
        "  - only after s1 is gone: nothing needs it",
        "    - no keep policy keeps it as image shop at commit C1",
        "      - branch main (keep policy 1) has the commit as number 2 of image shop; the policy keeps the newest 1",
        "    - not built within the last 2 hours: it was built at TIME",
        ...UNNEEDED.map((line) => `  ${line}`),
        "",
      ].join("\n"),
    );
  });
});

it("JSON carries the reasons down to the roots, and the requests", async () => {
  const run = await world.run(["explain", world.tag("arm"), "--quiet", "--output", "json"]);

  expect(run).toMatchObject({ exit: 0, stderr: "" });
  expect(JSON.parse(run.stdout)).toEqual({
    schema: 1,
    command: "explain",
    repository: world.address,
    summary: { requests: expect.objectContaining({ PUT: 0, POST: 0 }) },
    tag: world.tag("arm"),
    verdict: "kept",
    kept: [
      expect.objectContaining({
        tag: world.tag("arm"),
        reasons: [{ kind: "index-child", of: world.tag("both") }],
      }),
      expect.objectContaining({
        tag: world.tag("both"),
        reasons: [expect.objectContaining({ kind: "git-policy", reference: "branch main" })],
      }),
    ],
    proof: [
      expect.objectContaining({
        name: world.tag("arm"),
        verdict: "kept",
        class: "stage",
        reasons: [{ kind: "index-child", of: world.tag("both") }],
      }),
      expect.objectContaining({ name: world.tag("both"), verdict: "kept", class: "index" }),
    ],
    warnings: [],
  });
});

it("JSON of a tag that would go carries what was looked at", async () => {
  const run = await world.run(["explain", world.tag("s1"), "--quiet", "--output", "json"]);

  expect(JSON.parse(run.stdout)).toMatchObject({
    verdict: "deleted",
    kept: [],
    deletion: {
      tag: world.tag("s1"),
      class: "stage",
      because: "unneeded",
      how: "manifest",
      commits: [world.remote.commitOf("c1")],
      keepBuiltWithinHours: 2,
    },
  });
});

it("a tag that is not there is told in one line, with exit code 2", async () => {
  const run = await world.run(["explain", "nowhere", "--quiet"]);

  expect(run).toEqual({
    exit: 2,
    stdout: "",
    stderr: `tidemark: ${world.address} has no tag nowhere\n`,
  });
});

it("explaining changes nothing", () => {
  expect(world.mutations().filter((line) => !line.includes("tidemark-probe-"))).toEqual([]);
});

it.each<[Reason, string]>([
  [
    { kind: "git-policy", policy: 0, reference: "tag v1", commit: "c".repeat(40), image: "" },
    "keep policy 1: tag v1 has the nameless image at commit cccccccccccc",
  ],
  [{ kind: "git-policy-more", count: 1 }, "and 1 more reference keeps it"],
  [{ kind: "git-policy-more", count: 9 }, "and 9 more references keep it"],
  [
    { kind: "built-recently", builtAt: "2026-01-02T03:04:05.000Z", hours: 2 },
    "built at 2026-01-02T03:04:05.000Z, within the last 2 hours",
  ],
  [{ kind: "import-source", of: "x" }, "x imports files from it"],
  [{ kind: "import-record", of: "x" }, "tells where an import of x came from"],
  [{ kind: "dependency", of: "x" }, "x depends on it"],
  [{ kind: "subject", of: "x" }, "x is about it"],
  [{ kind: "referrer", of: "x" }, "is about x"],
  [{ kind: "custom-tag", of: "x" }, "custom tag of x, which stays"],
  [{ kind: "moved", of: "x" }, "was moved away from x, so it is not ours to remove"],
  [{ kind: "record", of: "x" }, "record of x, which stays"],
  [{ kind: "last-record", of: "x" }, "newest record of x, which stays and keeps one record"],
  [{ kind: "rejected-but-needed", of: "x" }, "marks x, which is still needed"],
  [{ kind: "service" }, "a service record, which cleanup leaves alone"],
  [{ kind: "unreadable" }, "cannot be read, and doubt keeps"],
  [{ kind: "shared-digest", of: "x" }, "the registry cannot remove it without x"],
  [{ kind: "not-in-plan" }, "the plan does not name it"],
  [{ kind: "cleanup-disabled" }, "cleanup is switched off"],
])("the reason %o has words", (reason, words) => {
  expect(describeReason(reason)).toBe(words);
});

it.each([
  ["source-gone", "the stage it tells of goes or is gone"],
  ["subject-gone", "what it is about goes"],
  ["unknown-commit", "its commit is in no reference's history"],
  ["unknown-image", "its image name is not known to the project"],
  ["superseded", "a newer record of its stage serves, or no reference needs it"],
] as const)("the cause %s has words", (because, words) => {
  expect(describeBecause(because)).toBe(words);
});

/** The explanation with ids instead of tags, commits and times. */
async function explain(id: string, ...args: string[]): Promise<string> {
  const run = await world.run(["explain", names.get(id) ?? id, "--quiet", ...args]);
  expect(run).toMatchObject({ exit: 0, stderr: "" });
  const known = [...names].toSorted(([, a], [, b]) => b.length - a.length);
  const text = known.reduce((shown, [name, tag]) => shown.replaceAll(tag, name), run.stdout);
  return text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "TIME");
}
