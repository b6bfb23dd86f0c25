import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTidemark } from "../cli/run.ts";
import type { Run } from "../cli/run.ts";
import type { Backend, CliAccess, SeedRepository } from "../scenarios/backend.ts";
import { createClone, writeConfig } from "../scenarios/git-clone.ts";
import { createRemote } from "../scenarios/git-remote.ts";
import { modelRepository } from "../scenarios/model.ts";
import type { RepositoryModel } from "../scenarios/model.ts";
import { configText } from "../scenarios/run-scenario.ts";
import { seed } from "../scenarios/run-step.ts";
import { readScenarios } from "../scenarios/scenario.ts";
import type { Scenario } from "../scenarios/scenario.ts";

/** The sides of a scenario of one step, before anything ran. */
export interface Project extends AsyncDisposable {
  readonly root: string;
  readonly repository: SeedRepository;
  readonly model: RepositoryModel;
  /** Runs `cleanup` on it. `access` overrides the backend's. */
  clean(options?: CleanOptions): Promise<Run>;
}

interface CleanOptions {
  readonly access?: CliAccess;
  /** Default: `--quiet`. */
  readonly args?: readonly string[];
  /** Default: that of the repository. */
  readonly address?: string;
}

/** Opens the project of a scenario; `name` is that of its repository. */
export async function openProject(
  scenario: Scenario,
  backend: Backend,
  name: string,
): Promise<Project> {
  const root = await mkdtemp(join(tmpdir(), "tidemark-project-"));
  const home = join(root, "home");
  await mkdir(home);
  const start = Math.floor(Date.now() / 1000) * 1000;
  const config = configText(scenario);
  const remote = await createRemote(root, scenario.git, start);
  await remote.update(scenario.git, config);
  const clone = await createClone(root, remote, scenario.git);
  await writeConfig(clone, config);
  const { commitOf } = remote;
  const model = modelRepository(scenario, start, { commitOf, onlyMedia: backend.onlyMedia });
  const repository = await backend.createRepository(name);
  await seed(repository, model, new Set());
  return {
    root,
    repository,
    model,
    clean({ access = backend.access, args = ["--quiet"], address = repository.address } = {}) {
      const where = ["--repo", address, "--dir", clone, "--without-kube"];
      const how = access?.args ?? ["--insecure-registry"];
      return runTidemark(["cleanup", ...where, "--output", "json", ...how, ...args], {
        home,
        env: { ...access?.env },
      });
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

export function scenarioNamed(id: string): Scenario {
  const scenario = readScenarios().find((candidate) => candidate.id === id);
  if (scenario === undefined) throw new Error(`no scenario ${id}`);
  return scenario;
}
