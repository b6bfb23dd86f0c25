import type { ChildProcess } from "node:child_process";
import { chmod, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { dockerRegistry2 } from "../../contract-tests/fakes/personality.ts";
import { openWorld } from "./world.ts";
import type { World } from "./world.ts";
import type { Run } from "./run.ts";

/** For the runs that change nothing. */
let world: World;

beforeAll(async () => {
  world = await openWorld({ fake: { ...dockerRegistry2 } });
});

afterAll(() => world[Symbol.asyncDispose]());

describe("the report of a dry run", () => {
  it("lists what stays and what would go, and counts the bytes", async () => {
    const { run, json } = await reported(world, ["--dry-run"]);

    expect(run).toMatchObject({ exit: 0, stderr: "" });
    expect(json).toMatchObject({
      command: "cleanup",
      dryRun: true,
      repo: world.address,
      kept: expect.arrayContaining([
        expect.objectContaining({ type: "stage", tag: world.tag("s3"), reason: "git policy" }),
      ]),
      deleted: expect.arrayContaining([
        expect.objectContaining({ type: "stage", tag: world.tag("s1"), because: "unneeded" }),
      ]),
      outcome: "dry run; nothing was changed",
      repositories: [{ role: "repo", summary: { tags: 8, kept: 4, deleted: 4 } }],
    });
    expect(bytesOf(json)).toBeGreaterThan(0);
    expect(world.mutations()).toEqual([]);
  });

  it("reads manifests for the bytes only when it is asked for", async () => {
    const before = world.registry.requests().length;
    await world.run(["cleanup", "--dry-run", "--quiet"], {
      env: { XDG_CACHE_HOME: join(world.root, "c1") },
    });
    const plain = world.registry.requests().length - before;
    await reported(world, ["--dry-run"], { XDG_CACHE_HOME: join(world.root, "c2") });

    const withReport = world.registry.requests().length - before - plain;

    expect(withReport).toBeGreaterThan(plain);
    expect(withReport - plain).toBeLessThanOrEqual(Object.keys(world.tags()).length);
  });

  it("goes to the documented place where none is named", async () => {
    const run = await world.run(["cleanup", "--dry-run", "--quiet", "--save-cleanup-report"]);

    const path = join(world.root, "home", ".werf-cleanup-report.json");
    expect(run).toMatchObject({ exit: 0, stderr: "" });
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ command: "cleanup" });
  });

  it("can be a page", async () => {
    const path = join(world.root, "report.html");

    await world.run(["cleanup", "--dry-run", "--quiet", "--report-html", path]);

    const page = await readFile(path, "utf8");
    expect(page).toMatch(/^<!doctype html>/);
    const commit = world.remote.commitOf("c3").slice(0, 12);
    expect(page).toMatch(
      new RegExp(`<code>${commit}</code>[\\s\\S]*<span class="soft subject">c3</span`),
    );
  });
});

it("a real run reports the bytes that the dry run told, and what went", async () => {
  await using world = await openWorld({ fake: { ...dockerRegistry2 } });
  const planned = await reported(world, ["--dry-run"]);

  const { json } = await reported(world, []);

  expect(json).toMatchObject({ dryRun: false, outcome: "done", exitCode: 0 });
  expect(json).toHaveProperty("deleted", Reflect.get(Object(planned.json), "deleted"));
  expect(bytesOf(json)).toBe(bytesOf(planned.json));
});

it("what failed is in the report, and its bytes are not freed", async () => {
  let deletions = 0;
  await using world = await openWorld({
    fake: { ...dockerRegistry2 },
    faults: [
      {
        when: ({ method }) => method === "DELETE" && (deletions += 1) === 2,
        fault: { kind: "status", status: 400 },
      },
    ],
  });
  const planned = await reported(world, ["--dry-run"]);

  const { run, json } = await reported(world, []);

  expect(run.exit).toBe(1);
  expect(json).toMatchObject({
    exitCode: 1,
    outcome: "partly failed",
    failed: [{ type: "stage", code: "invalid", because: "unneeded" }],
  });
  expect(bytesOf(json)).toBeLessThan(Number(bytesOf(planned.json)));
});

it("an interrupted run reports what went and what did not get its turn", async () => {
  let running: ChildProcess | undefined;
  let deletions = 0;
  await using world = await openWorld({
    fake: {
      ...dockerRegistry2,
      async onRequest({ method, path }) {
        if (method !== "DELETE" || !path.includes("/manifests/sha256:")) return;
        deletions += 1;
        if (deletions !== 2 || running === undefined) return;
        const noticed = new Promise((settle) => running?.stderr?.once("data", settle));
        running.kill("SIGINT");
        await noticed;
      },
    },
  });

  const { run, json } = await reported(world, [], {}, undefined, (child) => (running = child));

  expect(run.exit).toBe(130);
  expect(json).toMatchObject({ outcome: "broke off", exitCode: 130, failed: [] });
  expect(Reflect.get(Object(json), "deleted")).not.toEqual([]);
  expect(Reflect.get(Object(json), "remaining")).not.toEqual([]);
});

it("the repositories of a project are in one report, each with its part", async () => {
  await using world = await openWorld({ fake: { ...dockerRegistry2 } });
  const final = world.other("acme/shop-final");
  for (const id of ["s1", "s3"]) final.copy(world.tag(id));
  const page = join(world.root, "report.html");

  const { json } = await reported(world, ["--final-repo", final.address, "--report-html", page]);

  expect(json).toMatchObject({
    repo: world.address,
    finalRepo: final.address,
    kept: expect.arrayContaining([
      expect.objectContaining({
        type: "finalStage",
        tag: world.tag("s3"),
        reason: "primary",
        repo: final.address,
      }),
    ]),
    repositories: [
      { role: "repo", repo: world.address, bytes: expect.anything() },
      {
        role: "final-repo",
        repo: final.address,
        bytes: expect.anything(),
        summary: { kept: 1, deleted: 1 },
      },
    ],
  });
  expect(await readFile(page, "utf8")).toContain(`${final.address} (final-repo)`);
});

it("a purge has a report", async () => {
  const path = join(world.root, "purge.json");

  const run = await world.run([
    "purge",
    "--dry-run",
    "--quiet",
    "--save-cleanup-report",
    "--cleanup-report-path",
    path,
  ]);

  expect(run.exit).toBe(0);
  expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({
    command: "purge",
    deleted: expect.arrayContaining([
      expect.objectContaining({ tag: world.tag("s3"), because: "unneeded" }),
    ]),
  });
});

describe("the report of a run that fails", () => {
  it("tells why, before there was a plan", async () => {
    const { run, json } = await reported(world, ["--dry-run"], {}, "127.0.0.1:1/acme/shop");

    expect(run.exit).toBe(3);
    expect(json).toMatchObject({
      outcome: "failed before anything was deleted",
      exitCode: 3,
      kept: [],
      deleted: [],
      failure: { messages: [expect.stringContaining("127.0.0.1:1")] },
    });
  });

  it("tells what was planned when a guard stops it", async () => {
    const { run, json } = await reported(world, ["--max-delete", "1"]);

    expect(run.exit).toBe(4);
    expect(json).toMatchObject({
      exitCode: 4,
      dryRun: false,
      deleted: [],
      failure: { messages: [expect.stringContaining("--max-delete 1")] },
      remaining: expect.arrayContaining([expect.objectContaining({ tag: world.tag("s1") })]),
    });
    expect(world.mutations()).toEqual([]);
  });
});

describe("a report that cannot be written", () => {
  it.each([
    ["nowhere/report.json", "ENOENT"],
    ["home", "does not end in .json"],
  ] as const)("stops the run before it begins: %s", async (name, why) => {
    const before = world.registry.requests().length;
    const path = join(world.root, name);

    const run = await world.run([
      "cleanup",
      "--quiet",
      "--save-cleanup-report",
      "--cleanup-report-path",
      path,
    ]);

    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(run.stderr).toMatch(/^tidemark: --cleanup-report-path .*\n$/);
    expect(run.stderr).toContain(why);
    expect(world.registry.requests().length).toBe(before);
  });

  it("in the end is told, and takes nothing from what the run prints", async () => {
    const folder = join(world.root, "taken");
    await mkdir(join(folder, "report.json", "inside"), { recursive: true });

    const run = await world.run([
      "cleanup",
      "--dry-run",
      "--quiet",
      "--save-cleanup-report",
      "--cleanup-report-path",
      join(folder, "report.json"),
    ]);

    expect(run.exit).toBe(1);
    expect(run.stderr).toMatch(/^tidemark: the report .* could not be written: E[A-Z]+\n$/);
    expect(run.stdout).toContain("all tags");
    expect(await readdir(folder)).toEqual(["report.json"]);
  });
});

it("a report replaces the one before, and leaves nothing beside it", async () => {
  const path = join(world.root, "again", "report.json");
  await mkdir(dirname(path));
  await writeFile(path, "old");
  await chmod(path, 0o444);

  await world.run([
    "cleanup",
    "--dry-run",
    "--quiet",
    "--save-cleanup-report",
    "--cleanup-report-path",
    path,
  ]);

  expect(await readFile(path, "utf8")).toMatch(/^\{/);
  expect(await readdir(dirname(path))).toEqual(["report.json"]);
});

describe("in a CI job", () => {
  it("GitHub gets a summary of the step, and annotations", async () => {
    await using idle = await openWorld({
      cleanup: {
        keepPolicies: [{ references: { branch: "/(main|x)/" } }, { references: { tag: "v1" } }],
      },
    });
    const summary = join(idle.root, "summary.md");
    await writeFile(summary, "before\n");

    const run = await idle.run(["cleanup", "--dry-run", "--quiet"], {
      env: { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary },
    });

    expect(run.exit).toBe(0);
    expect(run.stderr).toContain(
      "::warning title=tidemark cleanup::keep policy 2 (tag v1) matches no reference\n",
    );
    expect(await readFile(summary, "utf8")).toMatch(
      /^before\n## tidemark cleanup: dry run; nothing was changed\n/,
    );
  });

  it("GitHub gets an error for a run that fails", async () => {
    const run = await world.run(["cleanup", "--quiet", "--max-delete", "1"], {
      env: { GITHUB_ACTIONS: "true" },
    });

    expect(run.stderr).toMatch(/^::error title=tidemark cleanup::4 of 8 tags would go/m);
  });

  it("a summary that cannot be written is a warning", async () => {
    const run = await world.run(["cleanup", "--dry-run", "--quiet"], {
      env: { GITHUB_STEP_SUMMARY: join(world.root, "nowhere", "summary.md") },
    });

    expect(run).toMatchObject({
      exit: 0,
      stderr: expect.stringMatching(/^warning: the step summary .*ENOENT\n$/),
    });
  });

  it("GitLab can fold the progress, and stdout has the result alone", async () => {
    const run = await world.run(["cleanup", "--dry-run", "--output", "json"], {
      env: { GITLAB_CI: "true" },
    });

    const log = run.stderr.replaceAll("\u001B[0K", "<erase>");
    expect(log).toMatch(
      /^section_start:\d+:tidemark_cleanup\r<erase>Progress of tidemark cleanup\n/,
    );
    expect(log).toMatch(/\nsection_end:\d+:tidemark_cleanup\r<erase>\n$/);
    expect(JSON.parse(run.stdout)).toMatchObject({ command: "cleanup" });
  });
});

/** Runs a cleanup with a report, and reads that. */
async function reported(
  { root, run, runRaw, clone }: World,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  address?: string,
  onStart: (child: ChildProcess) => void = () => undefined,
): Promise<{ readonly run: Run; readonly json: unknown }> {
  const path = join(root, `report${args.length}.json`);
  const asked = [
    "cleanup",
    ...args,
    "--quiet",
    "--save-cleanup-report",
    "--cleanup-report-path",
    path,
  ];
  const ended =
    address === undefined
      ? await run(asked, { env, onStart })
      : await runRaw([...asked, "--repo", address, "--dir", clone, "--without-kube"], { env });
  return { run: ended, json: JSON.parse(await readFile(path, "utf8")) };
}

function bytesOf(report: unknown): unknown {
  const [repository]: unknown[] = Reflect.get(Object(report), "repositories") ?? [];
  return Reflect.get(
    Object(Reflect.get(Object(repository), "bytes")),
    "freedAfterGarbageCollection",
  );
}
