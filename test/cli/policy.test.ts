import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageOf, indexOf } from "../scenarios/content.ts";
import { murmurHash } from "../../src/stages/hash.ts";
import type { Run } from "./run.ts";
import { LAST_OF_MAIN, openWorld } from "./world.ts";
import type { World } from "./world.ts";

const RULES = [
  { name: "builds", tags: "/(?P<image>web|api)-(?P<commit>[0-9a-f]{7,40})/" },
  { name: "releases", tags: "/v[0-9].*/", keep: [{ semver: "*", per: "minor", last: 1 }] },
  { name: "previews", tags: "/pr-[0-9]+/", keep: [{ in: "168h" }] },
];

let world: World;
beforeAll(
  async () => void (world = await openWorld({ cleanup: { ...LAST_OF_MAIN, rules: RULES } })),
);
afterAll(() => world[Symbol.asyncDispose]());

const REPOSITORY = `
schema: 1
now: 2026-01-31T00:00:00Z
tags:
  web-1111111: {}
  web-2222222: {}
  web-fffffff: { pushed: 720h }
  v1.2.0: { digest: old }
  v1.2.1: { digest: new }
  latest: { digest: new }
  both: { children: [amd64, arm64] }
  v2.0.0: { children: [amd64, arm64], commit: "2222222" }
  pr-1: { pushed: 2026-01-30T12:00:00Z }
  pr-2: { created: 2026-01-01 }
manifests:
  amd64: { commit: "2222222" }
history:
  commits:
    - { id: "2222222", at: 24h }
    - { id: "1111111", at: 48h }
  branches: { main: "2222222" }
`;

describe("policy test", () => {
  it("says of each expectation that it holds", async () => {
    const run = await test(`${REPOSITORY}
expect:
  - { kept: web-2222222, by: branch main }
  - { kept: web-2222222, by: policy 1 }
  - { kept: web-2222222, by: git-policy }
  - { goes: web-1111111, because: unneeded }
  - { goes: web-fffffff, because: unknown-commit }
  - { goes: v1.2.0 }
  - { kept: "/v1[.].*1|v2.*/", by: rule releases }
  - { kept: latest, by: foreign }
  - { kept: pr-1, by: previews }
  - goes: pr-2
`);

    expect(run).toEqual({
      exit: 0,
      stdout: `ok    web-2222222 is kept by branch main
ok    web-2222222 is kept by policy 1
ok    web-2222222 is kept by git-policy
ok    web-1111111 goes, because unneeded
ok    web-fffffff goes, because unknown-commit
ok    v1.2.0 goes
ok    /v1[.].*1|v2.*/ is kept by rule releases (2 tags)
ok    latest is kept by foreign
ok    pr-1 is kept by previews
ok    pr-2 goes
all 10 hold
`,
      stderr: "",
    });
  });

  it("says what happens instead where one fails", async () => {
    const run = await test(`${REPOSITORY}
expect:
  - { goes: latest }
  - { kept: /v1.*/ }
  - { kept: web-2222222, by: branch release }
  - { goes: web-fffffff, because: unneeded }
  - { kept: nowhere }
`);

    expect(run).toMatchObject({
      exit: 1,
      stdout: `FAIL  latest goes: latest is kept: none of this project's stages, records and custom tags, so it is left alone
FAIL  /v1.*/ is kept: v1.2.0 goes, because unneeded: nothing needs it
FAIL  web-2222222 is kept by branch release: web-2222222 is kept: keep policy 1: branch main has image web at commit 222222200000
FAIL  web-fffffff goes, because unneeded: web-fffffff goes, because unknown-commit: its commit is in no reference's history
FAIL  nowhere is kept: there is no such tag
5 of 5 do not hold
`,
    });
  });

  it("prints JSON when asked", async () => {
    const run = await test(`${REPOSITORY}\nexpect: [{ goes: v1.2.0 }, { goes: v1.2.1 }]`, [
      "--output",
      "json",
    ]);

    expect(run.exit).toBe(1);
    expect(JSON.parse(run.stdout)).toMatchObject({
      schema: 1,
      command: "policy test",
      summary: { expectations: 2, failed: 1 },
      expectations: [
        { goes: "v1.2.0", passed: true, tags: [{ tag: "v1.2.0", verdict: "goes", passed: true }] },
        {
          goes: "v1.2.1",
          passed: false,
          tags: [{ tag: "v1.2.1", verdict: "kept", reasons: [{ kind: "rule", rule: "releases" }] }],
        },
      ],
    });
  });

  it("takes the clone's own history where the file has none", async () => {
    const run = await test(`
schema: 1
tags:
  web-${world.remote.commitOf("c3")}: {}
  web-${world.remote.commitOf("c2").slice(0, 9)}: { pushed: 240h }
expect:
  - { kept: web-${world.remote.commitOf("c3")}, by: branch main }
  - goes: web-${world.remote.commitOf("c2").slice(0, 9)}
`);

    expect(run).toMatchObject({ exit: 0, stderr: expect.stringContaining("releases") });
  });

  it("knows stages and records too", async () => {
    const stage = (letter: string): string => `${letter.repeat(56)}-1700000000000`;
    const run = await test(`
schema: 1
now: 2026-01-31T00:00:00Z
tags:
  ${stage("a")}: { labels: { werf.io/parent-stage-id: ${stage("b")} } }
  ${stage("b")}: {}
  ${stage("c")}: {}
  managed-image-web: {}
  meta-${murmurHash("web")}_${"2".repeat(40)}_${stage("a")}: {}
history:
  commits: [{ id: "${"2".repeat(40)}", at: 24h }]
  branches: { main: "${"2".repeat(40)}" }
expect:
  - { kept: ${stage("b")}, by: ancestor ${stage("a")} }
  - { goes: ${stage("c")} }
`);

    expect(run).toMatchObject({ exit: 0, stdout: expect.stringContaining("all 2 hold") });
  });

  it("holds for the example in the documentation", async () => {
    const page = await readFile("docs/rules.md", "utf8");
    const [config = "", expectations = ""] = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(
      ([, block = ""]) => block,
    );
    await writeFile(join(world.root, "tidemark.yaml"), config);

    const run = await test(expectations, ["--config", join(world.root, "tidemark.yaml")]);

    expect(run).toEqual({ exit: 0, stdout: expect.stringContaining("all 5 hold"), stderr: "" });
  });

  it("ends with 2 for a file that is none", async () => {
    const run = await test("tags: [");

    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(run.stderr).toContain("expectations.yaml:1:8: ");
  });
});

describe("policy listing", () => {
  it("saves a repository, about which a test then decides as a cleanup would", async () => {
    await using own = await openWorld({ cleanup: { ...LAST_OF_MAIN, rules: RULES } });
    const c3 = own.remote.commitOf("c3");
    own.push(image("a"), `web-${c3}`);
    own.push(indexOf("oci", [image("b", c3), image("c", c3)]), "v1.0.0");
    own.push(image("d"), "v1.0.1");
    own.push(image("e"), "pr-1");

    const saved = await own.runRaw(["policy", "listing", "--repo", own.address]);
    await writeFile(join(own.clone, "listing.json"), saved.stdout);
    const dry = await own.run(["cleanup", "--dry-run", "--output", "json"]);
    const { kept, deleted }: Report = JSON.parse(dry.stdout);
    const expected = [
      ...kept.map(({ tag }) => ({ kept: tag })),
      ...deleted.map(({ tag }) => ({ goes: tag })),
    ];
    const file = join(own.clone, "all.yaml");
    await writeFile(file, JSON.stringify({ schema: 1, listing: "listing.json", expect: expected }));
    const run = await own.runRaw(["policy", "test", file, "--dir", own.clone]);

    expect(deleted.map(({ tag }) => tag)).toContain("pr-1");
    expect(run).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining(`all ${kept.length + deleted.length} hold`),
    });
  });
});

interface Report {
  readonly kept: readonly { readonly tag: string }[];
  readonly deleted: readonly { readonly tag: string }[];
}

/** Runs the expectations of a text. */
async function test(text: string, more: readonly string[] = []): Promise<Run> {
  const file = join(world.clone, "expectations.yaml");
  await writeFile(file, text);
  return world.runRaw(["policy", "test", file, "--dir", world.clone, ...more]);
}

function image(layer: string, revision?: string) {
  return imageOf({
    media: "oci",
    created: "2020-01-01T00:00:00Z",
    labels: revision === undefined ? {} : { "org.opencontainers.image.revision": revision },
    layer,
  });
}
