import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adapters } from "../../adapters/index.ts";
import { openWorld } from "./world.ts";
import type { World } from "./world.ts";

let world: World;
let closedPort: number;

beforeAll(async () => {
  world = await openWorld();
  closedPort = await portNobodyListensOn();
});

afterAll(() => world[Symbol.asyncDispose]());

describe("the words of the command line", () => {
  it.each<[string, string[], string]>([
    [
      "an unknown flag",
      ["cleanup", "--dry-rum"],
      "unknown option '--dry-rum' (Did you mean --dry-run?)",
    ],
    ["an unknown command", ["clean"], "unknown command 'clean' (Did you mean cleanup?)"],
    [
      "a flag without its value",
      ["cleanup", "--repo"],
      "option '--repo <address>' argument missing",
    ],
    [
      "a word too many",
      ["cleanup", "now"],
      "too many arguments for 'cleanup'. Expected 0 arguments but got 1: now.",
    ],
    ["a missing word", ["explain"], "missing required argument 'tag'"],
    [
      "an unknown form of output",
      ["cleanup", "--output", "xml"],
      "option '--output <form>' argument 'xml' is invalid. Allowed choices are table, json.",
    ],
    [
      "a missing --repo",
      ["cleanup"],
      "--repo is missing: the repository to work on, host/name or oci:PATH",
    ],
    [
      "an empty --repo",
      ["cleanup", "--repo", ""],
      "--repo is missing: the repository to work on, host/name or oci:PATH",
    ],
    [
      "a bad --max-delete",
      ["cleanup", "--max-delete", "many"],
      "option '--max-delete <n|p%>' argument 'many' is invalid. Write a number of tags, or a share as 10%.",
    ],
    [
      "a share above all",
      ["cleanup", "--max-delete", "101%"],
      "option '--max-delete <n|p%>' argument '101%' is invalid. Write a number of tags, or a share as 10%.",
    ],
    [
      "a bad duration",
      ["cleanup", "--gc-grace", "999999d"],
      "option '--gc-grace <duration>' argument '999999d' is invalid. The duration \"999999d\" has the unknown unit \"d\" (write 24h for a day).",
    ],
    [
      "a bad number",
      ["cleanup", "--keep-stages-built-within-last-n-hours", "soon"],
      "option '--keep-stages-built-within-last-n-hours <n>' argument 'soon' is invalid. Write a whole number.",
    ],
  ])("%s is told in one line", async (_, args, line) => {
    const run = await world.runRaw(args);

    expect(run).toEqual({ exit: 2, stdout: "", stderr: `tidemark: ${line}\n` });
  });

  it.each([
    ["https://reg.test/a", "has a scheme; write host/name, without https://"],
    ["reg.test/Shop", '"Shop" is not a repository name'],
    ["reg.test/shop:latest", '"shop:latest" is not a repository name'],
    [`reg.test/shop@sha256:${"a".repeat(64)}`, "is not a repository name"],
    ["reg_test.example/shop", '"reg_test.example" is not a host'],
    ["reg.test/-shop", '"-shop" is not a repository name'],
    ["oci:", "names no directory: oci:PATH"],
  ])("the bad address %s is told in one line", async (address, why) => {
    const run = await world.runRaw(["cleanup", "--repo", address, ...here()]);

    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(lines(run.stderr)).toEqual([expect.stringContaining(`address "${address}"`)]);
    expect(run.stderr).toContain(why);
  });

  it("an unknown guard is told with those that exist", async () => {
    const run = await world.run(["cleanup", "--allow", "everything"]);

    expect(run).toEqual({
      exit: 2,
      stdout: "",
      stderr:
        'tidemark: --allow "everything" is no guard; known are no-references, nothing-kept, unknown-history, records-gone, other-project, unreadable, not-a-copy, lease-unreadable, cluster-missing\n',
    });
  });

  it("an unknown implementation is told with those that exist", async () => {
    const known = ["auto", ...adapters.map(({ id }) => id)].join(", ");

    const run = await world.run(["cleanup", "--quiet", "--repo-implementation", "registry9"]);

    expect(run).toEqual({
      exit: 2,
      stdout: "",
      stderr: `tidemark: unknown implementation "registry9"; known are ${known}\n`,
    });
  });
});

describe("files that options name", () => {
  it("a line of a keep list that is no tag is told with its place", async () => {
    const file = await write("keep-list", "notes\n# a comment\n\nno tag\n");

    const run = await world.run(["cleanup", "--keep-list", file]);

    expect(run).toEqual({
      exit: 2,
      stdout: "",
      stderr: `tidemark: ${file}:4: "no tag" is not a tag\n`,
    });
  });

  it.each(["--keep-list", "--registry-ca-file"])("an absent file of %s is told", async (option) => {
    const run = await world.run(["cleanup", "--quiet", option, "/nowhere/file"]);

    expect(run).toEqual({
      exit: 2,
      stdout: "",
      stderr: `tidemark: ${option} /nowhere/file cannot be read: ENOENT\n`,
    });
  });

  it("a certificate file without a certificate is told", async () => {
    const file = await write("ca.pem", "nothing\n");

    const run = await world.run(["cleanup", "--quiet", "--registry-ca-file", file]);

    expect(run).toMatchObject({
      exit: 2,
      stderr: `tidemark: --registry-ca-file ${file} holds no certificate in PEM\n`,
    });
  });

  it("a plan that cannot be written stops the run before anything is deleted", async () => {
    const run = await world.run(["cleanup", "--quiet", "--plan-out", "/nowhere/plan.json"]);

    expect(run).toEqual({
      exit: 2,
      stdout: "",
      stderr: "tidemark: plan /nowhere/plan.json cannot be written: ENOENT\n",
    });
  });

  it("a journal that cannot be written stops the run before anything is deleted", async () => {
    const file = await write("no-directory", "");

    const run = await world.run(["cleanup", "--quiet", "--journal", file]);

    expect(run).toEqual({
      exit: 2,
      stdout: "",
      stderr: `tidemark: the journal cannot be written in ${file}: EEXIST; name another directory by --journal\n`,
    });
  });
});

describe("the configuration", () => {
  it.each<[string, string, string]>([
    [
      "an unknown key",
      "configVersion: 1\nproject: shop\ncleanup:\n  keepPolicy: []\n",
      ":4:3: cleanup.keepPolicy: unknown key (did you mean keepPolicies?)",
    ],
    [
      "a bad regexp",
      policyWith('branch: "/(main/"'),
      ":6:17: cleanup.keepPolicies[0].references.branch: ",
    ],
    [
      "a bad duration",
      policyWith("branch: main\n        limit: {in: 999999d}"),
      ':7:21: cleanup.keepPolicies[0].references.limit.in: duration "999999d" has the unknown unit "d" (write 24h for a day)',
    ],
    ["a broken document", "configVersion: 1\nproject: [\n", ":3:1: "],
  ])("%s is told with its line", async (_, text, where) => {
    const dir = join(world.root, "project");
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, "tidemark.yaml"), text);

    const run = await world.runRaw(["cleanup", "--repo", world.address, "--dir", dir]);

    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(lines(run.stderr)).toEqual([
      expect.stringContaining(`tidemark: ${join(dir, "tidemark.yaml")}${where}`),
    ]);
  });

  it("a directory without one is told with the names that were looked for", async () => {
    const run = await world.runRaw(["cleanup", "--repo", world.address, "--dir", "/nowhere"]);

    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(lines(run.stderr)).toEqual([
      expect.stringContaining("/nowhere: no configuration: looked for tidemark.yaml"),
    ]);
  });
});

describe("the directory of a layout", () => {
  it.each<[string, (dir: string) => Promise<void>, RegExp]>([
    ["an absent one", () => Promise.resolve(), /holds no OCI image layout$/],
    ["one that holds something else", holdsSomething, /is not an OCI image layout/],
    ["one that is a file", (dir) => writeFile(dir, ""), /cannot read .*: ENOTDIR$/],
    ["one whose oci-layout is missing", withoutLayoutFile, /has no oci-layout file$/],
    ["one whose index.json is cut", cutIndex, /index\.json is damaged: it is not JSON/],
    ["one of another version", otherVersion, /names imageLayoutVersion "9\.0\.0"/],
  ])("%s is refused with exit code 2", async (name, make, line) => {
    const dir = join(world.root, `layout of ${name}`);
    await make(dir);

    const run = await world.runRaw(["cleanup", "--quiet", "--repo", `oci:${dir}`, ...here()]);

    expect(run).toMatchObject({ exit: 2, stdout: "" });
    const [first, hint, ...rest] = lines(run.stderr);
    expect(first).toMatch(line);
    expect(first).toContain(dir);
    expect(hint).toBeDefined();
    expect(rest).toEqual([]);
  });

  it("an implementation that cannot serve a directory is refused", async () => {
    const run = await world.runRaw([
      "cleanup",
      "--quiet",
      "--repo",
      "oci:somewhere",
      ...here(),
      "--repo-implementation",
      "default",
    ]);

    expect(run).toEqual({
      exit: 2,
      stdout: "",
      stderr:
        'tidemark: implementation "default" cannot serve oci; "layout" can, so leave the choice out\n',
    });
  });
});

describe("what cannot be reached", () => {
  it("a closed port is told within a few tries", async () => {
    const address = `127.0.0.1:${closedPort}/acme/shop`;

    const run = await world.runRaw(["cleanup", "--quiet", "--repo", address, ...here()]);

    expect(run).toMatchObject({ exit: 3, stdout: "" });
    expect(lines(run.stderr)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^tidemark: 127.0.0.1:${closedPort}: cannot list tags of ${address}: .*ECONNREFUSED`,
        ),
      ),
    ]);
  });

  it("a name that does not exist is told", async () => {
    const run = await world.runRaw([
      "cleanup",
      "--quiet",
      "--repo",
      "registry.invalid/a",
      ...here(),
    ]);

    expect(run).toMatchObject({ exit: 3, stdout: "" });
    expect(lines(run.stderr)).toEqual([
      expect.stringMatching(
        /^tidemark: registry\.invalid: cannot list tags .*(ENOTFOUND|EAI_AGAIN)/,
      ),
    ]);
  });

  it("a cluster is asked for by name when nobody said that there is none", async () => {
    const run = await world.runRaw(["cleanup", "--repo", world.address, "--dir", world.clone]);

    expect(run).toMatchObject({ exit: 4, stdout: "" });
    expect(lines(run.stderr).at(-1)).toContain("run with --without-kube if");
  });

  it("a directory that is no Git repository is told", async () => {
    const dir = join(world.root, "no-git");
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, "werf.yaml"), await readFile(join(world.clone, "werf.yaml")));

    const run = await world.runRaw([
      "cleanup",
      "--quiet",
      "--repo",
      world.address,
      "--dir",
      dir,
      "--without-kube",
    ]);

    expect(run).toMatchObject({ exit: 3, stdout: "" });
    expect(lines(run.stderr)).toEqual([expect.stringContaining(dir)]);
  });
});

it("a shallow clone without leave to fetch is refused, naming what to do", async () => {
  await using shallow = await openWorld({
    git: {
      commits: [
        { id: "c1", parents: [], committed: "-2d" },
        { id: "c2", committed: "-1d" },
      ],
      branches: { main: "c2" },
      clone: "shallow",
    },
    registry: {},
  });

  const run = await shallow.run(["cleanup", "--quiet", "--no-fetch"]);

  expect(run).toMatchObject({ exit: 4, stdout: "" });
  expect(lines(run.stderr)).toEqual([expect.stringMatching(/shallow.*fetch/)]);
});

it("none of all this changes the repository", () => {
  expect(world.mutations()).toEqual([]);
  expect(world.tags()).toEqual(
    Object.fromEntries([...world.model.tags].map(([tag, { digest }]) => [tag, digest])),
  );
});

function here(): string[] {
  return ["--dir", world.clone, "--without-kube"];
}

function lines(text: string): string[] {
  return text.split("\n").slice(0, -1);
}

async function write(name: string, text: string): Promise<string> {
  const file = join(world.root, name);
  await writeFile(file, text);
  return file;
}

function policyWith(reference: string): string {
  return `configVersion: 1\nproject: shop\ncleanup:\n  keepPolicies:\n    - references:\n        ${reference}\n`;
}

async function holdsSomething(dir: string): Promise<void> {
  await mkdir(dir);
  await writeFile(join(dir, "letter.txt"), "dear\n");
}

async function cutIndex(dir: string): Promise<void> {
  await makeLayout(dir);
  await writeFile(join(dir, "index.json"), '{"schemaVersion":2,"mani');
}

async function withoutLayoutFile(dir: string): Promise<void> {
  await makeLayout(dir);
  await rm(join(dir, "oci-layout"));
}

async function otherVersion(dir: string): Promise<void> {
  await makeLayout(dir);
  await writeFile(join(dir, "oci-layout"), '{"imageLayoutVersion":"9.0.0"}');
}

async function makeLayout(dir: string): Promise<void> {
  await mkdir(join(dir, "blobs/sha256"), { recursive: true });
  await writeFile(join(dir, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(join(dir, "index.json"), '{"schemaVersion":2,"manifests":[]}');
}

async function portNobodyListensOn(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return address.port;
}
