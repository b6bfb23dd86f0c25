import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import type { FakeOptions, ListeningRegistry } from "../../contract-tests/fakes/distribution.ts";
import { createState, repositoryIn } from "../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../contract-tests/fakes/state.ts";
import { withFaults } from "../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../contract-tests/fakes/faults.ts";
import { isDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { imageOf } from "../scenarios/content.ts";
import type { Content } from "../scenarios/content.ts";
import { sha256 } from "../scenarios/formats.ts";
import { createClone, writeConfig } from "../scenarios/git-clone.ts";
import { createRemote } from "../scenarios/git-remote.ts";
import type { GitRemote } from "../scenarios/git-remote.ts";
import { modelRepository } from "../scenarios/model.ts";
import type { RepositoryModel } from "../scenarios/model.ts";
import type { GitSide, RegistrySide, Scenario, StageSpec } from "../scenarios/scenario.ts";
import { runTidemark } from "./run.ts";
import type { Run, RunOptions } from "./run.ts";

/** What differs from a project whose `main` has three commits, a stage each, and whose policy keeps the newest. */
export interface WorldSpec {
  /** The field `cleanup` of the configuration. */
  readonly cleanup?: Readonly<Record<string, unknown>>;
  readonly git?: GitSide;
  readonly registry?: RegistrySide;
  /** How the registry behaves. */
  readonly fake?: Omit<FakeOptions, "state">;
  readonly faults?: readonly FaultRule[];
}

/** A project, its clone and its repository in a registry of this process. */
export interface World extends AsyncDisposable {
  readonly root: string;
  readonly clone: string;
  /** What `--repo` takes. */
  readonly address: string;
  readonly registry: ListeningRegistry;
  readonly remote: GitRemote;
  readonly model: RepositoryModel;
  /** The tag an id stands for. */
  tag(id: string): string;
  /** Every tag with its digest, as the registry has them now. */
  tags(): Record<string, Digest>;
  /** Puts the tags of a model that are not there into the repository. */
  seed(model: RepositoryModel): void;
  /** The model after more was declared. */
  modelWith(registry: RegistrySide): RepositoryModel;
  push(content: Content, tag?: string): void;
  remove(tag: string): void;
  /** The content of a record with labels; without a moment it was made a day ago. */
  recordOf(tag: string, labels: Readonly<Record<string, string>>, moment?: string): Content;
  /** Another repository in the same registry, empty at first. */
  other(name: string): OtherRepository;
  /** Runs a command on the repository and the clone, without a cluster. */
  run(command: readonly string[], options?: Partial<RunOptions>): Promise<Run>;
  /** Runs anything. */
  runRaw(args: readonly string[], options?: Partial<RunOptions>): Promise<Run>;
  /** Requests that would change something, as `METHOD path`. */
  mutations(): string[];
}

export interface OtherRepository {
  /** What options take. */
  readonly address: string;
  tags(): Record<string, Digest>;
  push(content: Content, tag?: string): void;
  /** Copies what tags of the first repository name, under the same or another tag. */
  copy(tag: string, as?: string): void;
  remove(tag: string): void;
}

export const NAME = "acme/shop";

export const LAST_OF_MAIN = {
  keepPolicies: [{ references: { branch: "main" }, imagesPerReference: { last: 1 } }],
};

const THREE_COMMITS: GitSide = {
  commits: [
    { id: "c1", parents: [], committed: "-12d" },
    { id: "c2", committed: "-11d" },
    { id: "c3", committed: "-10d" },
  ],
  branches: { main: "c3" },
};

const THREE_STAGES: RegistrySide = {
  stages: [stage("s1"), stage("s2"), stage("s3")],
  records: [
    ["shop", "c1", "s1"],
    ["shop", "c2", "s2"],
    ["shop", "c3", "s3"],
  ],
  foreign: [{ tag: "notes" }],
};

/** A stage of thirty days ago that nothing else needs. */
export function stage(id: string, more: Partial<StageSpec> = {}): StageSpec {
  const empty = { imports: [], externalImports: [], importChecksums: [], dependencies: [] };
  return { id, built: "-30d", ...empty, tagged: true, media: "docker", labels: {}, ...more };
}

export async function openWorld(spec: WorldSpec = {}): Promise<World> {
  const root = await mkdtemp(join(tmpdir(), "tidemark-cli-"));
  const start = Math.floor(Date.now() / 1000) * 1000;
  const home = join(root, "home");
  await mkdir(home);
  const scenario = scenarioOf(spec);
  const config = JSON.stringify(scenario.config, null, 2);
  const remote = await createRemote(root, scenario.git, start);
  await remote.update(scenario.git, config);
  const clone = await createClone(root, remote, scenario.git);
  await writeConfig(clone, config);
  const { commitOf } = remote;
  const model = modelRepository(scenario, start, { commitOf });
  const state = createState();
  const repository = repositoryIn(state, NAME);
  const fake = createFakeRegistry({ ...spec.fake, state });
  const registry = await withFaults(fake, ...(spec.faults ?? [])).listen();
  const address = `${registry.host}/${NAME}`;
  const world: World = {
    root,
    clone,
    address,
    registry,
    remote,
    model,
    tag: (id) => model.tagsOf(id)[0] ?? id,
    tags: () => Object.fromEntries(repository.tags),
    seed,
    modelWith: (more) =>
      modelRepository({ ...scenario, registry: joined(scenario.registry, more) }, start, {
        commitOf,
      }),
    push: (content, tag) => push(repository, content, tag),
    remove: (tag) => void repository.tags.delete(tag),
    recordOf: (tag, labels, moment = new Date(start - 86_400_000).toISOString()) =>
      recordOf(tag, labels, moment),
    other: (name) => {
      const there = repositoryIn(state, name);
      return {
        address: `${registry.host}/${name}`,
        tags: () => Object.fromEntries(there.tags),
        push: (content, tag) => push(there, content, tag),
        copy(tag, as = tag) {
          const content = model.tags.get(tag);
          if (content === undefined) throw new Error(`the model has no tag ${tag}`);
          push(there, content, as);
        },
        remove: (tag) => void there.tags.delete(tag),
      };
    },
    run: ([command = "", ...rest], options) =>
      runTidemark([command, ...where(command), ...rest], { home, ...options }),
    runRaw: (args, options) => runTidemark(args, { home, ...options }),
    mutations: () =>
      registry
        .requests()
        .filter(({ method }) => method !== "GET" && method !== "HEAD")
        .filter(({ path }) => path !== "/token")
        .map(({ method, path }) => `${method} ${path}`),
    async [Symbol.asyncDispose]() {
      await registry.close();
      await rm(root, { recursive: true, force: true });
    },
  };
  seed(model);
  return world;

  function seed(wanted: RepositoryModel): void {
    for (const content of wanted.untagged) push(repository, content);
    for (const [tag, content] of wanted.tags) {
      if (!repository.tags.has(tag)) push(repository, content, tag);
    }
  }

  function where(command: string): string[] {
    const repo = command === "apply" ? [] : ["--repo", address];
    return [...repo, "--dir", clone, "--without-kube"];
  }
}

/** Every record has a time of its own, so that no two have one digest. */
function recordOf(tag: string, labels: Readonly<Record<string, string>>, moment: string): Content {
  const nanoseconds = String(Number.parseInt(sha256(tag).slice(0, 5), 16) % 1_000_000);
  const created = moment.replace("Z", `${nanoseconds.padStart(6, "0")}Z`);
  return imageOf({ media: "docker", created, labels: { werf: "shop", ...labels } });
}

function scenarioOf({ cleanup = LAST_OF_MAIN, git, registry }: WorldSpec): Scenario {
  return {
    id: "world",
    about: "",
    needs: [],
    config: { configVersion: 1, project: "shop", cleanup },
    configTail: "",
    git: git ?? THREE_COMMITS,
    registry: registry ?? THREE_STAGES,
    command: "cleanup",
    args: [],
    keepList: [],
  };
}

function joined(before: RegistrySide, more: RegistrySide): RegistrySide {
  return {
    ...before,
    ...more,
    stages: [...(before.stages ?? []), ...(more.stages ?? [])],
    indexes: [...(before.indexes ?? []), ...(more.indexes ?? [])],
    records: [...(before.records ?? []), ...(more.records ?? [])],
  };
}

function push(repository: RepositoryState, content: Content, tag?: string): void {
  for (const child of content.children) push(repository, child);
  for (const { digest, bytes } of content.blobs) repository.blobs.set(known(digest), bytes);
  const { digest, mediaType, bytes } = content;
  repository.manifests.set(known(digest), { mediaType, bytes });
  if (tag !== undefined) repository.tags.set(tag, known(digest));
}

function known(digest: string): Digest {
  if (isDigest(digest)) return digest;
  throw new Error(`${digest} is no digest`);
}
