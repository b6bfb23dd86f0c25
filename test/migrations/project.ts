import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SeedRepository } from "../scenarios/backend.ts";
import { imageOf } from "../scenarios/content.ts";
import type { Content, Media } from "../scenarios/content.ts";
import { createClone, writeConfig } from "../scenarios/git-clone.ts";
import { createRemote } from "../scenarios/git-remote.ts";
import { modelRepository } from "../scenarios/model.ts";
import { configText } from "../scenarios/run-scenario.ts";
import { parseScenario } from "../scenarios/scenario.ts";
import { artifactOf, chartOf, tagAbout } from "./artifacts.ts";

/** Two images, one of them for two platforms; of each the newest stays. */
const scenario = parseScenario({
  id: "migrated",
  about: "Everything that a project has.",
  config: {
    configVersion: 1,
    project: "app",
    cleanup: {
      keepPolicies: [{ references: { branch: "main" }, imagesPerReference: { last: 1 } }],
    },
  },
  git: {
    commits: [
      { id: "c1", parents: [], committed: "-12d" },
      { id: "c2", committed: "-11d" },
      { id: "c3", committed: "-10d" },
    ],
    branches: { main: "c3" },
  },
  registry: {
    stages: [
      { id: "base", built: "-40d", media: "oci" },
      { id: "old", built: "-32d", parent: "base" },
      { id: "web1", built: "-30d", parent: "base", media: "oci" },
      { id: "web2", built: "-28d", parent: "base" },
      { id: "web3", built: "-26d", parent: "base", media: "oci" },
      { id: "tool", built: "-26d", imports: ["web2"] },
      { id: "amd", built: "-25d", media: "oci", content: "worker-amd" },
      { id: "arm", built: "-25d", media: "oci", content: "worker-arm" },
      { id: "amd0", built: "-31d" },
      { id: "arm0", built: "-31d", tagged: false },
    ],
    indexes: [
      { id: "worker", children: ["amd", "arm"], media: "oci" },
      { id: "worker0", children: ["amd0", "arm0"] },
      { id: "outer", children: ["worker", "tool"], media: "oci" },
    ],
    records: [
      ["web", "c1", "web1"],
      ["web", "c2", "web2"],
      ["web", "c3", "web3"],
      ["worker", "c2", "worker0"],
      ["worker", "c3", "outer"],
    ],
    customTags: { "v1.0": "web1", latest: "web3" },
    importRecords: [{ id: "i1", source: "web2", checksum: "x" }],
    rejected: ["web2"],
    signatures: [
      { of: "web3", suffix: ".sig" },
      { of: "outer", suffix: ".att" },
    ],
    referrers: [
      { id: "bill", of: "web3", fallback: true },
      { id: "proof", of: "outer" },
      { id: "proof of proof", of: "proof" },
    ],
    foreign: [{ tag: "notes" }, { tag: "same", sameDigestAs: "web2" }],
    leases: [{ id: "gone", kind: "publish", until: "-1h", stages: ["web1"] }],
    service: ["sync-server"],
  },
});

/** A project with its clone, and what its repository holds. */
export interface Project extends AsyncDisposable {
  readonly root: string;
  readonly clone: string;
  /** What is copied when nobody asks for foreign tags. */
  readonly own: ReadonlyMap<string, string>;
  /** What is copied only when it is asked for. */
  readonly foreign: ReadonlyMap<string, string>;
  /** Tags of `own` that are images for one platform, with layers. */
  readonly images: Readonly<Record<Media, readonly string[]>>;
  /** Manifests without a tag, by the digest of what they are about; found only where the registry tells them. */
  readonly referrers: ReadonlyMap<string, string>;
  /** The manifest of a stage: `web1`. */
  contentOf(id: string): Content;
  /** Puts all of it into a repository. */
  fill(repository: SeedRepository): Promise<void>;
}

export async function createProject(): Promise<Project> {
  const root = await mkdtemp(join(tmpdir(), "tidemark-migration-"));
  await mkdir(join(root, "home"));
  const start = Math.floor(Date.now() / 1000) * 1000;
  const config = configText(scenario);
  const remote = await createRemote(root, scenario.git, start);
  await remote.update(scenario.git, config);
  const clone = await createClone(root, remote, scenario.git);
  await writeConfig(clone, config);
  const model = modelRepository(scenario, start, { commitOf: remote.commitOf });
  const transient = new Set([...model.tagsOf("lease:gone"), "sync-server"]);
  const others = foreignTags();
  const foreign = new Map([...others].map(([tag, { digest }]) => [tag, digest]));
  for (const tag of ["notes", "same"]) foreign.set(tag, model.tags.get(tag)?.digest ?? "");
  const own = [...model.tags]
    .filter(([tag]) => !transient.has(tag) && !foreign.has(tag))
    .map(([tag, { digest }]) => [tag, digest] as const);
  const tagsOf = (...ids: readonly string[]): string[] => ids.flatMap((id) => model.tagsOf(id));
  const digestOf = (id: string): string => model.contentOf(id).digest;
  return {
    root,
    clone,
    own: new Map(own),
    foreign,
    images: { docker: tagsOf("web2", "tool"), oci: tagsOf("base", "web1", "web3", "amd") },
    referrers: new Map([
      [digestOf("outer"), digestOf("proof")],
      [digestOf("proof"), digestOf("proof of proof")],
    ]),
    contentOf: model.contentOf,
    async fill(repository) {
      const tagged = [...model.tags, ...others];
      // A registry takes a referrer whose subject is not there; some of them refuse a list of what is not there.
      for (const content of model.untagged) await repository.push(content);
      for (const [tag, content] of tagged) await repository.push(content, tag);
      await repository.settle?.();
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

function foreignTags(): ReadonlyMap<string, Content> {
  const chart = chartOf("shop");
  const signature = imageOf({
    media: "oci",
    created: "2026-01-01T00:00:00Z",
    labels: {},
    layer: "signature of a chart",
  });
  return new Map([
    ["chart-1.0.0", chart],
    [tagAbout(chart, ".sig"), signature],
    ["report", artifactOf("all is well")],
  ]);
}
