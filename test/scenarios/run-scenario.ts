import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend, SeedRepository } from "./backend.ts";
import { openClusters } from "./clusters.ts";
import type { Media } from "./content.ts";
import { createClone } from "./git-clone.ts";
import { createRemote } from "./git-remote.ts";
import { modelRepository } from "./model.ts";
import type { RepositoryModel } from "./model.ts";
import { recordsApart } from "./records-apart.ts";
import { runStep } from "./run-step.ts";
import type { Run } from "./run-step.ts";
import { afterStep, stepsOf } from "./scenario.ts";
import type { Scenario } from "./scenario.ts";

/**
 * Builds a scenario's Git side once, runs its steps on every backend, and answers what is not as it says: a list of
 * lines for each backend, in their order.
 */
export async function runScenario(
  scenario: Scenario,
  backends: readonly Backend[],
): Promise<string[][]> {
  const root = await mkdtemp(join(tmpdir(), "tidemark-scenario-"));
  try {
    return await runSteps(scenario, backends, root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function runSteps(
  scenario: Scenario,
  backends: readonly Backend[],
  root: string,
): Promise<string[][]> {
  const start = Math.floor(Date.now() / 1000) * 1000;
  const remote = await createRemote(root, scenario.git, start);
  let state: Scenario = scenario;
  let runs: readonly Run[] | undefined;
  await using opened = new AsyncDisposableStack();

  for (const [at, step] of stepsOf(scenario).entries()) {
    state = afterStep(state, step);
    const werfYaml = configText(state);
    if (at === 0 || step.git !== undefined) await remote.update(state.git, werfYaml);
    if (runs === undefined) {
      const clone = await createClone(root, remote, state.git);
      runs = await Promise.all(
        backends.map((backend, index) => openRun(backend, scenario, { root, clone, index })),
      );
      for (const { clusters } of runs) if (clusters !== undefined) opened.use(clusters);
      if (state.git.remote === "gone") await remote.takeAway();
    }
    const models = new Map<Media | undefined, RepositoryModel>();
    const modelFor = ({ onlyMedia }: Backend): RepositoryModel => {
      const { commitOf } = remote;
      const model = models.get(onlyMedia) ?? modelRepository(state, start, { commitOf, onlyMedia });
      models.set(onlyMedia, model);
      return model;
    };
    const stepOf = async (run: Run): Promise<void> => {
      const asked = { state, step, model: modelFor(run.backend), werfYaml };
      const problems = await runStep(run, asked).catch((error: unknown) => [trace(error)]);
      const said = problems.map((problem) => (at === 0 ? problem : `step ${at + 1}: ${problem}`));
      run.wrong.push(...said);
    };
    await Promise.all(runs.map(stepOf));
  }
  return (runs ?? []).map(({ wrong }) => wrong);
}

async function openRun(
  backend: Backend,
  { id, others = {}, clusters, metaRepo, steps = [] }: Scenario,
  { root, clone, index }: { readonly root: string; readonly clone: string; readonly index: number },
): Promise<Run> {
  const own = join(root, `${index}`);
  const copy = join(own, "clone");
  await mkdir(own);
  await cp(clone, copy, { recursive: true, preserveTimestamps: true });
  const stages = await backend.createRepository(id);
  const records = metaRepo === undefined ? undefined : await backend.createRepository(`${id}-meta`);
  const repository = records === undefined ? stages : await recordsApart(stages, records);
  const names = new Set([others, ...steps.map((step) => step.others ?? {})].flatMap(Object.keys));
  const opened = new Map<string, SeedRepository>();
  for (const name of names) opened.set(name, await backend.createRepository(`${id}-${name}`));
  return {
    backend,
    root: own,
    clone: copy,
    repository,
    metaRepo: metaRepo === "named" ? records : undefined,
    others: opened,
    clusters: clusters === undefined ? undefined : await openClusters(clusters, own),
    pushed: new Set(),
    wrong: [],
  };
}

function trace(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The `werf.yaml` of a scenario. */
export function configText({ config, images, configTail, registry }: Scenario): string {
  const recorded = [...new Set((registry.records ?? []).map(([image]) => image))];
  const names = images ?? (recorded.length === 0 ? ["image"] : recorded);
  const documents = names.map(
    (name) =>
      `---\nimage: ${name === "" ? "null" : JSON.stringify(name)}\ndockerfile: Dockerfile\n`,
  );
  return `${JSON.stringify(config, null, 2)}\n${documents.join("")}${configTail}`;
}
