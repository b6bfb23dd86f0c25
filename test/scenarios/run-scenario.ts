import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend, SeedRepository } from "./backend.ts";
import { disagreements } from "./compare.ts";
import type { Media } from "./content.ts";
import { cloneState, createClone, writeConfig } from "./git-clone.ts";
import { createRemote } from "./git-remote.ts";
import { modelRepository } from "./model.ts";
import type { RepositoryModel } from "./model.ts";
import { runCli } from "./run-cli.ts";
import { afterStep, stepsOf } from "./scenario.ts";
import type { Scenario, Step } from "./scenario.ts";

/** One backend's part of a scenario: its own clone, home and journal beside a remote that all share. */
interface Run {
  readonly backend: Backend;
  readonly root: string;
  readonly clone: string;
  readonly repository: SeedRepository;
  readonly pushed: Set<string>;
  readonly wrong: string[];
}

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

  for (const [at, step] of stepsOf(scenario).entries()) {
    state = afterStep(state, step);
    const werfYaml = configText(state);
    if (at === 0 || step.git !== undefined) await remote.update(state.git, werfYaml);
    if (runs === undefined) {
      const clone = await createClone(root, remote, state.git);
      runs = await Promise.all(
        backends.map((backend, index) => openRun(backend, scenario, { root, clone, index })),
      );
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
  { id }: Scenario,
  { root, clone, index }: { readonly root: string; readonly clone: string; readonly index: number },
): Promise<Run> {
  const own = join(root, `${index}`);
  const copy = join(own, "clone");
  await mkdir(own);
  await cp(clone, copy, { recursive: true, preserveTimestamps: true });
  const repository = await backend.createRepository(id);
  return { backend, root: own, clone: copy, repository, pushed: new Set(), wrong: [] };
}

/** Pushes what is not in `pushed` yet. */
export async function seed(
  repository: SeedRepository,
  model: RepositoryModel,
  pushed: Set<string>,
): Promise<void> {
  const isNew = (key: string): boolean => !pushed.has(key) && pushed.add(key).has(key);
  for (const content of model.untagged) if (isNew(content.digest)) await repository.push(content);
  for (const [tag, content] of model.tags) if (isNew(tag)) await repository.push(content, tag);
}

async function runStep(
  { root, clone, repository, backend, pushed }: Run,
  {
    state,
    step,
    model,
    werfYaml,
  }: {
    readonly state: Scenario;
    readonly step: Step;
    readonly model: RepositoryModel;
    readonly werfYaml: string;
  },
): Promise<string[]> {
  await writeConfig(clone, werfYaml);
  await seed(repository, model, pushed);
  for (const id of step.removed) {
    for (const tag of model.tagsOf(id)) await repository.remove(tag);
  }
  await repository.settle?.();
  const extra = step.args ?? state.args;
  const keepList = await writeKeepList(root, step.keepList ?? state.keepList, model);
  const journal = join(root, "journal");
  await mkdir(journal, { recursive: true });
  const before = await repository.read();
  const cloneBefore = await cloneState(clone);

  const where = ["--repo", repository.address, "--dir", clone, "--journal", journal];
  const { args, env } = backend.access ?? { args: ["--insecure-registry"], env: {} };
  const how = ["--without-kube", "--output", "json", ...args];
  const command = [state.command, ...where, ...how, ...keepList, ...extra];
  const run = await (backend.run ?? runCli)(root, command, env);

  return disagreements({
    expected: step.expect,
    model,
    before,
    after: await repository.read(),
    run,
    untags: backend.untags,
    lastTagTakesManifest: backend.lastTagTakesManifest ?? false,
    mayChange: !extra.includes("--dry-run") && state.config.cleanup?.disable !== true,
    cloneBefore,
    cloneAfter: await cloneState(clone),
  });
}

function trace(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** An id that the scenario declares stands for its tag; anything else is written as it is. */
async function writeKeepList(
  root: string,
  entries: readonly string[],
  model: RepositoryModel,
): Promise<string[]> {
  if (entries.length === 0) return [];
  const file = join(root, "keep-list");
  const lines = entries.map((entry) => {
    const [tag = entry] = model.tagsOf(entry);
    return model.tags.has(tag) ? tag : entry;
  });
  await writeFile(file, lines.map((line) => `${line}\n`).join(""));
  return ["--keep-list", file];
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
