import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend, SeedRepository } from "./backend.ts";
import { disagreements } from "./compare.ts";
import { cloneState, createClone, writeConfig } from "./git-clone.ts";
import { createRemote } from "./git-remote.ts";
import { modelRepository } from "./model.ts";
import type { RepositoryModel } from "./model.ts";
import { runCli } from "./run-cli.ts";
import { afterStep, stepsOf } from "./scenario.ts";
import type { Scenario, Step } from "./scenario.ts";

/** Builds both sides of a scenario, runs its steps, and answers what is not as it says, a line each. */
export async function runScenario(scenario: Scenario, backend: Backend): Promise<string[]> {
  const root = await mkdtemp(join(tmpdir(), "tidemark-scenario-"));
  try {
    return await runSteps(scenario, backend, root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function runSteps(scenario: Scenario, backend: Backend, root: string): Promise<string[]> {
  const start = Math.floor(Date.now() / 1000) * 1000;
  const remote = await createRemote(root, scenario.git, start);
  const repository = await backend.createRepository(scenario.id);
  const pushed = new Set<string>();
  const wrong: string[] = [];
  let state: Scenario = scenario;
  let clone: string | undefined;

  for (const [at, step] of stepsOf(scenario).entries()) {
    state = afterStep(state, step);
    const werfYaml = configText(state);
    if (at === 0 || step.git !== undefined) await remote.update(state.git, werfYaml);
    if (clone === undefined) {
      clone = await createClone(root, remote, state.git);
      if (state.git.remote === "gone") await remote.takeAway();
    }
    await writeConfig(clone, werfYaml);
    const model = modelRepository(state, start, {
      commitOf: remote.commitOf,
      onlyMedia: backend.onlyMedia,
    });
    await seed(repository, model, pushed);
    for (const id of step.removed) {
      for (const tag of model.tagsOf(id)) await repository.remove(tag);
    }
    const problems = await runStep({ root, clone, state, step, model, repository, backend });
    wrong.push(...problems.map((problem) => (at === 0 ? problem : `step ${at + 1}: ${problem}`)));
  }
  return wrong;
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

async function runStep({
  root,
  clone,
  state,
  step,
  model,
  repository,
  backend,
}: {
  readonly root: string;
  readonly clone: string;
  readonly state: Scenario;
  readonly step: Step;
  readonly model: RepositoryModel;
  readonly repository: SeedRepository;
  readonly backend: Backend;
}): Promise<string[]> {
  const extra = step.args ?? state.args;
  const keepList = await writeKeepList(root, step.keepList ?? state.keepList, model);
  const journal = join(root, "journal");
  await mkdir(journal, { recursive: true });
  const before = await repository.read();
  const cloneBefore = await cloneState(clone);

  const where = ["--repo", repository.address, "--dir", clone, "--journal", journal];
  const { args, env } = backend.access ?? { args: ["--insecure-registry"], env: {} };
  const how = ["--without-kube", "--output", "json", ...args];
  const run = await runCli(root, [state.command, ...where, ...how, ...keepList, ...extra], env);

  return disagreements({
    expected: step.expect,
    model,
    before,
    after: await repository.read(),
    run,
    untags: backend.untags,
    mayChange: !extra.includes("--dry-run") && state.config.cleanup?.disable !== true,
    cloneBefore,
    cloneAfter: await cloneState(clone),
  });
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
