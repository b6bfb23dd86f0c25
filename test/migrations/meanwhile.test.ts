import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FaultRule } from "../../contract-tests/fakes/faults.ts";
import { dockerRegistry2, ociConformant } from "../../contract-tests/fakes/personality.ts";
import { startCliProcess } from "../scenarios/cli-process.ts";
import { problemsIn } from "./check.ts";
import { commandLine, complaintOf } from "./command-line.ts";
import type { CommandLine, Side } from "./command-line.ts";
import { createProject } from "./project.ts";
import type { Project } from "./project.ts";
import { openWatchedSide } from "./watched-side.ts";

/** Moments of a migration at which a cleanup runs, as shares of its requests to the target. */
const MOMENTS = [0.4, 0.7, 0.9];

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

describe.for([ociConformant, dockerRegistry2])("a cleanup of a target: $name", (personality) => {
  it("takes nothing of what is just arriving", async () => {
    await using from = await openWatchedSide();
    const source: Side = { ...from, repository: await from.backend.createRepository("source") };
    await project.fill(source.repository);
    const requests = await countRequests(source);

    const wrong: string[] = [];
    let carriedOut = 0;
    for (const moment of MOMENTS) {
      await using to = await openWatchedSide(personality);
      const target: Side = { ...to, repository: await to.backend.createRepository("target") };
      const victim = Math.floor(requests * moment);
      let complaint = "no cleanup ran";
      to.backend.trouble?.([
        {
          when: (_, index) => index === victim,
          async before() {
            to.backend.trouble?.([]);
            const { complaint: said, wasGuarded } = await line.cleanUp(target);
            complaint = said;
            if (!wasGuarded) carriedOut += 1;
          },
        },
      ]);

      const ran = await line.migrate(source, target, ["--verify"]);
      const problems = await problemsIn(await target.repository.read(), project, {
        referrers: true,
        leases: true,
      });
      const lines = [complaint, complaintOf(ran), ...problems].filter((text) => text !== "");
      // Its own record is all that it may leave.
      const own = lines.indexOf("cleanup is too much");
      if (own !== -1) lines.splice(own, 1);
      wrong.push(...lines.map((text) => `at request ${victim}: ${text}`));
    }
    expect(wrong).toEqual([]);
    expect(carriedOut).toBeGreaterThan(0);
  });

  async function countRequests(source: Side): Promise<number> {
    await using to = await openWatchedSide(personality);
    const target: Side = { ...to, repository: await to.backend.createRepository("target") };
    let requests = 0;
    const counting: FaultRule = { before: () => void (requests += 1) };
    to.backend.trouble?.([counting]);
    expect(complaintOf(await line.migrate(source, target))).toBe("");
    return requests;
  }
});
