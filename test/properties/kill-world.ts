import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SeedRepository } from "../scenarios/backend.ts";
import { createClone, writeConfig } from "../scenarios/git-clone.ts";
import { createRemote } from "../scenarios/git-remote.ts";
import { modelRepository } from "../scenarios/model.ts";
import { parseScenario } from "../scenarios/scenario.ts";

const CHAINS = 8;

/** Chains of three stages, indexes over some, records, custom tags: about 25 stages, of which two chains stay. */
const scenario = parseScenario({
  id: "killed",
  about: "A run that is killed leaves nothing half done that matters.",
  config: {
    configVersion: 1,
    project: "app",
    cleanup: {
      keepPolicies: [{ references: { branch: "main" }, imagesPerReference: { last: 2 } }],
    },
  },
  git: {
    commits: Array.from({ length: CHAINS }, (_, at) => ({
      id: `c${at}`,
      committed: `-${(CHAINS - at) * 24}h`,
    })),
    branches: { main: `c${CHAINS - 1}` },
  },
  registry: {
    stages: Array.from({ length: CHAINS }, (_, at) => [
      { id: `base${at}`, built: `-${60 - at}d` },
      { id: `mid${at}`, built: `-${50 - at}d`, parent: `base${at}` },
      { id: `top${at}`, built: `-${40 - at}d`, parent: `mid${at}` },
    ]).flat(),
    indexes: [1, 3, 7].map((at) => ({ id: `idx${at}`, children: [`top${at}`, `mid${at - 1}`] })),
    records: Array.from({ length: CHAINS }, (_, at) => ["image", `c${at}`, `top${at}`]),
    customTags: { "v0.1": "top0", "v0.7": "top7" },
    importRecords: [{ id: "i1", source: "base2", checksum: "x" }],
    rejected: ["top4"],
    foreign: [{ tag: "latest" }, { tag: "pinned", sameDigestAs: "top5" }],
    service: ["sync-server"],
  },
});

/** A project with its clone, and the means to fill repositories for it, all with the same content. */
export interface KillWorld extends AsyncDisposable {
  readonly root: string;
  /** What the command line takes besides the repository. */
  readonly args: readonly string[];
  fill(repository: SeedRepository): Promise<void>;
  /** Tags that stay, with what they must keep. */
  readonly kept: readonly string[];
}

export async function createKillWorld(): Promise<KillWorld> {
  const root = await mkdtemp(join(tmpdir(), "tidemark-killed-"));
  const start = Math.floor(Date.now() / 1000) * 1000;
  const werfYaml = JSON.stringify(scenario.config);
  const remote = await createRemote(root, scenario.git, start);
  await remote.update(scenario.git, werfYaml);
  const clone = await createClone(root, remote, scenario.git);
  await writeConfig(clone, werfYaml);
  const model = modelRepository(scenario, start, { commitOf: remote.commitOf });
  const journal = join(root, "journal");
  await mkdir(journal);
  return {
    root,
    args: [
      "cleanup",
      "--dir",
      clone,
      "--journal",
      journal,
      "--without-kube",
      "--insecure-registry",
      "--output=json",
      "--parallel-tasks-limit=2",
    ],
    kept: ["top7", "mid7", "base7", "top6", "mid6", "base6"].flatMap((id) => model.tagsOf(id)),
    async fill(repository) {
      for (const [tag, content] of model.tags) await repository.push(content, tag);
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}
