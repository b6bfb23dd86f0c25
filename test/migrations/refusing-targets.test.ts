import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { VENDORS } from "../../contract-tests/vendors/index.ts";
import type { SimulationOptions, Vendor } from "../../contract-tests/vendors/vendor.ts";
import { openVendorBackend } from "../scenarios/backend-vendor.ts";
import type { Backend } from "../scenarios/backend.ts";
import { startCliProcess } from "../scenarios/cli-process.ts";
import { problemsIn } from "./check.ts";
import { chartOf } from "./artifacts.ts";
import { commandLine } from "./command-line.ts";
import type { Side } from "./command-line.ts";
import { CONFORMANT } from "./places.ts";
import { createProject } from "./project.ts";
import type { Project } from "./project.ts";

const cliProcess = startCliProcess();
let backend: Backend;
let project: Project;
let source: Side;
beforeAll(async () => {
  project = await createProject();
  backend = await CONFORMANT.open();
  source = { backend, repository: await backend.createRepository("source") };
  await project.fill(source.repository);
});
afterAll(async () => {
  await backend[Symbol.asyncDispose]();
  await project[Symbol.asyncDispose]();
  await cliProcess[Symbol.asyncDispose]();
});

/** The rule of each registry that keeps a tag as it is; none: the simulation is told which tag it is. */
const RULES: Readonly<Record<string, object>> = {
  ecr: { immutableTags: true },
  acr: {},
  dockerhub: { immutableRules: ["latest"] },
  gitlab: { freezes: (tag: string) => tag === "latest" },
  harbor: {},
  quay: { isImmutable: (_: string, tag: string) => tag === "latest" },
  gcr: { immutableTags: true },
  nexus: { writePolicy: "ALLOW_ONCE" },
};

const Result = z.object({
  repositories: z.array(
    z.object({ tags: z.array(z.object({ as: z.string(), status: z.string() })) }),
  ),
});

describe.for(Object.entries(RULES))("a tag that %s keeps as it is", ([id, rule]) => {
  it("is told as refused, and nothing else waits for it", async () => {
    await using to = await openVendorBackend(withRule(id, rule), { untags: true });
    const target = { backend: to, repository: await to.createRepository("target") };
    const other = chartOf("another");
    await target.repository.push(other, "latest");
    await target.repository.settle?.();
    target.repository.hinder?.(other, "latest");

    const line = commandLine(cliProcess, project);
    const { exit, stdout } = await line.migrate(source, target, ["--overwrite"]);

    const { repositories } = Result.parse(JSON.parse(stdout));
    const tags = repositories.flatMap((repository) => repository.tags);
    const refused = tags.filter(({ status }) => status !== "copied").map(({ as }) => as);
    expect({ exit, refused }).toEqual({ exit: 0, refused: ["latest"] });
    const reading = await target.repository.read();
    const problems = await problemsIn(reading, project, { referrers: false });
    // Where every tag stays, the lease of the run does too, until it ends.
    expect(problems.filter((line) => !line.startsWith("tidemark-lease-"))).toEqual([
      `latest is ${other.digest}, not ${project.own.get("latest")}`,
    ]);
  });
});

function withRule(id: string, rule: object): Vendor {
  const vendor = VENDORS.find((one) => one.id === id);
  if (vendor === undefined) throw new Error(`nobody simulates ${id}`);
  return {
    ...vendor,
    simulate: (options: SimulationOptions = {}) => vendor.simulate({ ...options, ...rule }),
  };
}
