import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FaultRule } from "../../contract-tests/fakes/faults.ts";
import type { RepositoryReading } from "../scenarios/backend.ts";
import { startCliProcess } from "../scenarios/cli-process.ts";
import { problemsIn } from "./check.ts";
import { commandLine, complaintOf, homeIn, migrationArguments } from "./command-line.ts";
import type { CommandLine, Side } from "./command-line.ts";
import { earlier } from "./killed.ts";
import { createProject } from "./project.ts";
import type { Project } from "./project.ts";
import { openWatchedSide } from "./watched-side.ts";

const CLI = resolve("bin/tidemark.js");
const POINTS = 3;
const REMOVAL = ["--remove-source", "--yes", "--without-kube"];

const cliProcess = startCliProcess();
let project: Project;
let line: CommandLine;
beforeAll(async () => {
  project = await createProject();
  line = commandLine(cliProcess, project);
});
afterAll(async () => {
  await project[Symbol.asyncDispose]();
  await cliProcess[Symbol.asyncDispose]();
});

describe("a migration that empties its source", () => {
  it("moves everything, and leaves what is not the project's", async () => {
    const { problems, left } = await move(undefined);

    expect(problems).toEqual([]);
    expect(left).toEqual([]);
  });

  it("loses nothing where it is killed, and the next one ends it", async () => {
    const { requests } = await move(undefined);
    const wrong: string[] = [];
    for (let point = 0; point < POINTS; point += 1) {
      // Most of what is removed goes in the second half.
      const victim = Math.floor(requests * (0.5 + 0.5 * Math.random()));
      const { problems, left } = await move(victim);
      const lines = [...problems, ...left.map((tag) => `${tag} stays in the source`)];
      wrong.push(...lines.map((text) => `at request ${victim} of ${requests}: ${text}`));
    }
    expect(wrong).toEqual([]);
  });
});

interface Moved {
  readonly problems: readonly string[];
  /** Tags of the project that the source still has. */
  readonly left: readonly string[];
  readonly requests: number;
}

/** @param victim The request that kills the first run; absent: nothing does, and there is one run. */
async function move(victim: number | undefined): Promise<Moved> {
  await using from = await openWatchedSide();
  await using to = await openWatchedSide();
  const source: Side = { ...from, repository: await from.backend.createRepository("source") };
  const target: Side = { ...to, repository: await to.backend.createRepository("target") };
  await project.fill(source.repository);
  const lost: string[] = [];
  let requests = 0;
  let child: ChildProcess | undefined;
  const counting: FaultRule = {
    before() {
      if (requests === victim) child?.kill("SIGKILL");
      requests += 1;
    },
  };
  for (const { backend } of [from, to]) backend.trouble?.([counting]);
  if (victim !== undefined) {
    const args = [...migrationArguments(source, target), "--dir", project.clone, ...REMOVAL];
    child = spawn(process.execPath, [CLI, "migrate", ...args], {
      cwd: project.root,
      env: homeIn(project.root),
      stdio: "ignore",
    });
    await once(child, "close");
    if (child.signalCode !== "SIGKILL") return await move(earlier(victim));
    const sides = [await source.repository.read(), await target.repository.read()];
    lost.push(...lostOf(sides));
  }

  const ran = await line.migrate(source, target, REMOVAL);
  const reading = await target.repository.read();
  const { digests } = await source.repository.read();
  const problems = await problemsIn(reading, project, { referrers: true, leases: true });
  return {
    problems: [...lost, complaintOf(ran), ...problems].filter((text) => text !== ""),
    left: [...digests.keys()].filter((tag) => project.own.has(tag)),
    requests,
  };
}

/** Tags that are whole on neither side. */
function lostOf(sides: readonly RepositoryReading[]): readonly string[] {
  return [...project.own].flatMap(([tag, digest]) => {
    const isWhole = sides.some(
      ({ digests, broken }) =>
        digests.get(tag) === digest && !broken.some((text) => text.startsWith(tag)),
    );
    return isWhole ? [] : [`${tag} is nowhere whole`];
  });
}
