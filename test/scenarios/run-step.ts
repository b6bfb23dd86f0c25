import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Backend, SeedRepository } from "./backend.ts";
import type { Clusters } from "./clusters.ts";
import { disagreements } from "./compare.ts";
import { cloneState, writeConfig } from "./git-clone.ts";
import type { RepositoryModel } from "./model.ts";
import { modelCopies } from "./copies.ts";
import { runCli } from "./run-cli.ts";
import type { Scenario, Step } from "./scenario.ts";
import { troubleRules } from "./trouble.ts";

/** One backend's part of a scenario: its own clone, home and journal beside a remote that all share. */
export interface Run {
  readonly backend: Backend;
  readonly root: string;
  readonly clone: string;
  readonly repository: SeedRepository;
  /** Where the records are, when the command is told of it. */
  readonly metaRepo: SeedRepository | undefined;
  /** The other repositories of the project, by name. */
  readonly others: ReadonlyMap<string, SeedRepository>;
  readonly clusters: Clusters | undefined;
  /** `TAG@DIGEST` of everything that was pushed, by repository. */
  readonly pushed: Set<string>;
  readonly wrong: string[];
}

export interface AskedStep {
  /** What holds at the step. */
  readonly state: Scenario;
  readonly step: Step;
  readonly model: RepositoryModel;
  readonly werfYaml: string;
}

/** Pushes what is not in `pushed` yet; a tag that stands for other content now is moved. */
export async function seed(
  repository: SeedRepository,
  { tags, untagged }: Pick<RepositoryModel, "tags" | "untagged">,
  pushed: Set<string>,
): Promise<void> {
  const isNew = (key: string): boolean => !pushed.has(key) && pushed.add(key).has(key);
  const keyOf = (name: string): string => `${repository.address} ${name}`;
  for (const content of untagged) {
    if (isNew(keyOf(content.digest))) await repository.push(content);
  }
  for (const [tag, content] of tags) {
    if (isNew(keyOf(`${tag}@${content.digest}`))) await repository.push(content, tag);
  }
}

/** Brings a backend to where the step begins, runs the command, and answers what is not as the step says. */
export async function runStep(run: Run, asked: AskedStep): Promise<string[]> {
  const { root, clone, repository, backend } = run;
  const { state, step, model } = asked;
  await prepare(run, asked);
  const journal = join(root, "journal");
  await mkdir(journal, { recursive: true });
  const journalsBefore = await readdir(journal);
  const before = await repository.read();
  const othersBefore = await readAll(run.others);
  const cloneBefore = await cloneState(clone);
  backend.trouble?.(troubleRules(state.trouble ?? [], model));

  const { command, args, env } = await commandOf(run, asked, journal);
  const ran = await (backend.run ?? runCli)(root, [command, ...args], env);

  backend.trouble?.([]);
  return disagreements({
    expected: step.expect,
    model,
    before,
    after: await repository.read(),
    others: await otherOutcomes(run, asked, othersBefore),
    run: ran,
    untags: backend.untags,
    lastTagTakesManifest: backend.lastTagTakesManifest ?? false,
    work: workOf(command, args, state),
    journal: await newLines(journal, journalsBefore),
    cloneBefore,
    cloneAfter: await cloneState(clone),
  });
}

async function prepare(run: Run, { state, step, model, werfYaml }: AskedStep): Promise<void> {
  const { backend, repository, others, clone, pushed, clusters } = run;
  if (state.pushed === "now") backend.pushNow?.();
  await writeConfig(clone, werfYaml.replaceAll("{repo}", repository.address));
  for (const id of step.removed) {
    for (const tag of model.tagsOf(id)) await repository.remove(tag);
  }
  await seed(repository, model, pushed);
  for (const [name, other] of others) {
    const copies = state.others?.[name];
    if (copies !== undefined) await seed(other, modelCopies(copies, model), pushed);
    await other.settle?.();
  }
  await repository.settle?.();
  for (const id of state.hindered ?? []) {
    const [tag = id] = model.tagsOf(id);
    repository.hinder?.(model.contentOf(id), tag);
  }
  const addresses = new Map([...others].map(([name, { address }]) => [name, address]));
  const where = { address: repository.address, others: addresses, model };
  await clusters?.fill(state.clusters ?? {}, where);
}

interface CliCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

async function commandOf(
  { root, clone, repository, metaRepo, others, backend, clusters }: Run,
  { state, step, model }: AskedStep,
  journal: string,
): Promise<CliCommand> {
  const [command = "", ...words] = state.command.split(" ");
  const plan = join(root, "plan.json");
  const { args, env } = backend.access ?? { args: ["--insecure-registry"], env: {} };
  const named = (argument: string): string =>
    argument === "@plan" ? plan : argument === "@journal" ? journal : argument;
  const repo = command === "apply" ? [] : ["--repo", repository.address];
  const keepList = await writeKeepList(root, step.keepList ?? state.keepList, model);
  const more = [...others].flatMap(([name, other]) => {
    const role = state.others?.[name]?.role ?? name;
    return [`--${role}`, other.address, ...argumentsFor(role, args)];
  });
  if (metaRepo !== undefined) {
    more.push("--meta-repo", metaRepo.address, ...argumentsFor("meta-repo", args));
  }
  const deletes = command === "cleanup" || command === "apply" || command === "purge";
  return {
    command,
    args: [
      ...words.map(named),
      ...repo,
      ...(command === "restore" ? [] : ["--dir", clone]),
      ...(deletes ? ["--journal", journal] : []),
      ...(clusters === undefined && command !== "restore" ? ["--without-kube"] : []),
      "--output",
      "json",
      ...args,
      ...more,
      ...keepList,
      ...(step.args ?? state.args).map(named),
    ],
    env: { ...env, ...(clusters === undefined ? {} : { KUBECONFIG: clusters.kubeconfig }) },
  };
}

/** The options of the primary's implementation, for another role. */
function argumentsFor(role: string, args: readonly string[]): string[] {
  return args.flatMap((argument, at) => {
    if (!argument.startsWith("--repo-")) return [];
    const value = args[at + 1];
    const values = value === undefined || value.startsWith("--") ? [] : [value];
    return [argument.replace("--repo-", `--${role}-`), ...values];
  });
}

/** What a run may do. */
export type Work = "nothing" | "cleanup" | "purge" | "restore";

function workOf(command: string, args: readonly string[], { config }: Scenario): Work {
  if (args.includes("--dry-run") || command === "explain") return "nothing";
  if (command === "purge" || command === "restore") return command;
  return config.cleanup?.disable === true ? "nothing" : "cleanup";
}

async function readAll(
  repositories: ReadonlyMap<string, SeedRepository>,
): Promise<ReadonlyMap<string, Awaited<ReturnType<SeedRepository["read"]>>>> {
  const entries = [...repositories].map(
    async ([name, repository]) => [name, await repository.read()] as const,
  );
  return new Map(await Promise.all(entries));
}

async function otherOutcomes(
  { others }: Run,
  { state, model }: AskedStep,
  before: Awaited<ReturnType<typeof readAll>>,
): Promise<Parameters<typeof disagreements>[0]["others"]> {
  const after = await readAll(others);
  return [...others.keys()].map((name) => ({
    name,
    model: modelCopies(state.others?.[name] ?? { role: "cache-repo", copies: [] }, model),
    before: before.get(name)?.digests ?? new Map<string, string>(),
    after: after.get(name)?.digests ?? new Map<string, string>(),
    broken: after.get(name)?.broken ?? [],
  }));
}

/** The entries of the journals that a run began, in their order. */
async function newLines(dir: string, known: readonly string[]): Promise<string[]> {
  const names = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = names
    .filter((entry) => entry.isFile() && !known.includes(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted();
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return texts.flatMap((text) => text.split("\n").filter((line) => line !== ""));
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
