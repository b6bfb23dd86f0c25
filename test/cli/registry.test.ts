import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FakeAuth } from "../../contract-tests/fakes/auth.ts";
import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import type { FakeOptions, ListeningRegistry } from "../../contract-tests/fakes/distribution.ts";
import { createState, repositoryIn } from "../../contract-tests/fakes/state.ts";
import { adapters } from "../../adapters/index.ts";
import { capabilities } from "../../adapters/default/capabilities.ts";
import { runTidemark } from "./run.ts";
import type { Run } from "./run.ts";

const BOT = { username: "bot", password: "pa55word-of-bot" };

let home: string;
beforeAll(async () => void (home = await mkdtemp(join(tmpdir(), "tidemark-registry-"))));
afterAll(() => rm(home, { recursive: true }));

describe("registry detect", () => {
  it("tells the choice, why, and how to make it for good", async () => {
    await using fake = await serve();

    const run = await registry("detect", fake);

    expect(run).toEqual({
      exit: 0,
      stdout: [
        `${fake.host}/acme/shop is served by "default": no other adapter claims the host`,
        "",
        "To choose it without being asked:",
        "  --repo-implementation default",
        "  TIDEMARK_REPO_IMPLEMENTATION=default",
        "",
      ].join("\n"),
      stderr: "",
    });
  });

  it("as JSON it is one object", async () => {
    await using fake = await serve();

    const run = await registry("detect", fake, "--output", "json");

    expect(JSON.parse(run.stdout)).toEqual({
      schema: 1,
      command: "registry detect",
      repository: `${fake.host}/acme/shop`,
      implementation: "default",
      because: "no other adapter claims the host",
      summary: { requests: { GET: fake.requests().length, HEAD: 0, PUT: 0, POST: 0, DELETE: 0 } },
    });
  });

  it("sends no credentials, though it has some", async () => {
    await using fake = await serve({ auth: { kind: "basic", users: [BOT] } });

    const run = await registry("detect", fake, "--docker-config", await loginAt(fake));

    expect(run.exit).toBe(0);
    expect(fake.requests().length).toBeGreaterThan(0);
    expect(fake.requests().filter(({ authorized }) => authorized)).toEqual([]);
  });

  it("--no-probe asks no server", async () => {
    await using fake = await serve();

    const run = await registry("detect", fake, "--no-probe", "--output", "json");

    expect(JSON.parse(run.stdout)).toMatchObject({ implementation: "default" });
    expect(fake.requests()).toEqual([]);
  });

  it("a directory needs no network", async () => {
    const run = await runTidemark(["registry", "detect", "oci:somewhere", "--output", "json"], {
      home,
    });

    expect(JSON.parse(run.stdout)).toMatchObject({
      repository: `oci:${home}/somewhere`,
      implementation: "layout",
      because: "the host",
    });
  });

  it("what was asked for is told as that", async () => {
    await using fake = await serve();

    const run = await registry("detect", fake, "--repo-implementation", "default");

    expect(run.stdout).toContain('served by "default": it was asked for');
    expect(fake.requests()).toEqual([]);
  });
});

describe("registry capabilities", () => {
  it("prints each field with its value and what it means, and what the server was asked", async () => {
    await using fake = await serve();

    const run = await registry("capabilities", fake);

    expect(run.exit).toBe(0);
    expect(run.stdout).toMatch(/│ tagDeletion +│ distribution \(asked\) +│ a tag is removed alone/);
    expect(run.stdout).toMatch(/│ listing +│ names +│ names only: each digest costs one HEAD/);
    expect(run.stdout).not.toContain("│ probe");
  });

  it("as JSON it has the whole record, and changes nothing", async () => {
    await using fake = await serve({ referrers: false });

    const run = await registry("capabilities", fake, "--output", "json");

    expect(JSON.parse(run.stdout)).toMatchObject({
      schema: 1,
      command: "registry capabilities",
      implementation: "default",
      learned: ["tagDeletion", "referrers"],
      capabilities: {
        ...capabilities,
        tagDeletion: "distribution",
        referrers: "fallback-tag",
      },
    });
    expect(tagsOf(fake)).toEqual(["1.0"]);
  });

  it("--no-probe asks no server and leaves open what depends on it", async () => {
    await using fake = await serve();

    const run = await registry("capabilities", fake, "--no-probe", "--output", "json");

    expect(JSON.parse(run.stdout)).toMatchObject({ learned: [], capabilities });
    expect(fake.requests()).toEqual([]);
  });
});

describe("registry check", () => {
  it("ends with 0 when a cleanup has what it needs, and leaves everything as it is", async () => {
    await using fake = await serve({ auth: { kind: "bearer", users: [BOT] } });

    const run = await registry("check", fake, "--docker-config", await loginAt(fake));

    expect(run).toMatchObject({ exit: 0, stderr: "" });
    expect(run.stdout).toMatch(/│ reach +│ granted +│ http, answered 401/);
    expect(run.stdout).toMatch(/│ authentication +│ asked for +│ Bearer/);
    for (const right of ["list", "read", "push", "delete"]) {
      expect(run.stdout).toMatch(new RegExp(`│ ${right} +│ granted `));
    }
    expect(tagsOf(fake)).toEqual(["1.0"]);
  });

  it.each<[string, FakeAuth]>([
    ["Basic", { kind: "basic", users: [{ ...BOT, rights: ["pull", "push"] }] }],
    ["Bearer", { kind: "bearer", users: [{ ...BOT, rights: ["pull", "push"] }] }],
  ])("ends with 3 and names the right that is missing, by %s", async (_, auth) => {
    await using fake = await serve({ auth });
    const login = await loginAt(fake);

    const run = await registry("check", fake, "--docker-config", login);
    const json = await registry("check", fake, "--docker-config", login, "--output", "json");

    expect([run.exit, json.exit]).toEqual([3, 3]);
    expect(run.stderr).toMatch(/^tidemark: .*: a cleanup would fail: delete is refused: .*\n$/);
    expect(JSON.parse(json.stdout)).toMatchObject({
      schema: 1,
      command: "registry check",
      reach: { protocol: "http:", status: 401 },
      rights: {
        list: { status: "granted" },
        read: { status: "granted" },
        push: { status: "granted" },
        delete: { status: "refused" },
      },
      cleanup: "refused",
    });
    expect(run.stdout + run.stderr + json.stdout + json.stderr).not.toContain(BOT.password);
  });

  it("a right to push is not needed", async () => {
    await using fake = await serve({
      auth: { kind: "basic", users: [{ ...BOT, rights: ["pull", "delete"] }] },
    });

    const run = await registry("check", fake, "--docker-config", await loginAt(fake));

    expect(run).toMatchObject({ exit: 0, stderr: "" });
    expect(run.stdout).toMatch(/│ push +│ refused /);
  });

  it("nobody's rights end with 3", async () => {
    await using fake = await serve({ auth: { kind: "basic", users: [BOT] } });

    const run = await registry("check", fake);

    expect(run.exit).toBe(3);
    expect(lines(run.stderr)).toEqual([
      expect.stringContaining("list is refused"),
      expect.stringContaining("read is refused"),
      expect.stringContaining("delete is refused"),
      `tidemark: Log in with \`tidemark cr login ${fake.host}\`, or use other credentials.`,
    ]);
  });
});

describe("what cannot be done", () => {
  it.each(["detect", "check"])("%s of a host that does not answer is told", async (command) => {
    const fake = await serve();
    await fake.close();

    const run = await registry(command, fake);

    expect(run).toMatchObject({ exit: 3, stdout: "" });
    expect(lines(run.stderr)).toEqual([expect.stringContaining("ECONNREFUSED")]);
  });

  it.each(["detect", "capabilities", "check"])(
    "%s by an unknown implementation is told with those that exist",
    async (command) => {
      await using fake = await serve();

      const run = await registry(command, fake, "--repo-implementation", "registry9");

      const known = ["auto", ...adapters.map(({ id }) => id)].join(", ");
      expect(run).toEqual({
        exit: 2,
        stdout: "",
        stderr: `tidemark: unknown implementation "registry9"; known are ${known}\n`,
      });
      expect(fake.requests()).toEqual([]);
    },
  );

  it.each<[string, string[], string]>([
    ["no repository", ["registry", "detect"], "missing required argument 'repository'"],
    [
      "a bad address",
      ["registry", "check", "reg.test/shop:latest"],
      'address "reg.test/shop:latest": "shop:latest" is not a repository name (lower-case letters, digits, and . _ - / between them; no tag or digest)',
    ],
    ["an unknown command", ["registry", "chek"], "unknown command 'chek' (Did you mean check?)"],
    [
      "a misspelt option with its value",
      ["cleanup", "--repo-tokenn=s3cret-value"],
      "unknown option '--repo-tokenn'",
    ],
    [
      "a misspelt option with its value beside it",
      ["registry", "check", "reg.test/shop", "--repo-tokenn", "s3cret-value"],
      "unknown option '--repo-tokenn'",
    ],
  ])("%s is told in one line", async (_, words, line) => {
    const run = await runTidemark(words, { home });

    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(lines(run.stderr)).toHaveLength(1);
    expect(run.stderr).toContain(`tidemark: ${line}`);
    expect(run.stderr).not.toContain("s3cret-value");
  });
});

function serve(options: FakeOptions = {}): Promise<ListeningRegistry> {
  const state = createState();
  const { manifests, tags } = repositoryIn(state, "acme/shop");
  const digest = `sha256:${"1".repeat(64)}` as const;
  manifests.set(digest, { mediaType: "application/vnd.oci.image.index.v1+json", bytes: BYTES });
  tags.set("1.0", digest);
  return createFakeRegistry({ ...options, state }).listen();
}

const BYTES = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}');

function tagsOf({ state }: ListeningRegistry): string[] {
  return [...repositoryIn(state, "acme/shop").tags.keys()];
}

function registry(command: string, { host }: ListeningRegistry, ...more: string[]): Promise<Run> {
  return runTidemark(["registry", command, `${host}/acme/shop`, ...more], { home });
}

async function loginAt({ host }: ListeningRegistry): Promise<string> {
  const dir = join(home, host.replace(":", "-"));
  await mkdir(dir, { recursive: true });
  const auth = Buffer.from(`${BOT.username}:${BOT.password}`).toString("base64");
  await writeFile(join(dir, "config.json"), JSON.stringify({ auths: { [host]: { auth } } }));
  return dir;
}

function lines(text: string): string[] {
  return text.split("\n").slice(0, -1);
}
