import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

import { openDefault } from "../../../contract-tests/adapters/default-subject.ts";
import { createFakeRegistry } from "../../../contract-tests/fakes/distribution.ts";
import type { FakeOptions, ListeningRegistry } from "../../../contract-tests/fakes/distribution.ts";
import { dockerRegistry2 } from "../../../contract-tests/fakes/personality.ts";
import { withFaults } from "../../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import type { CommandDeps } from "../../../src/commands/deps.ts";
import { copyPlan } from "../../../src/commands/migrate/copy.ts";
import type { Copied } from "../../../src/commands/migrate/copy.ts";
import { verifyRepository } from "../../../src/commands/migrate/verify.ts";
import { migrate } from "../../../src/commands/migrate/migrate.ts";
import type { MigrateRequest } from "../../../src/commands/migrate/migrate.ts";
import type { MigrationResult, Verification } from "../../../src/commands/migrate/result.ts";
import { createLinkReader } from "../../../src/engine/migrate/links.ts";
import { orderManifests, sortTags } from "../../../src/engine/migrate/order.ts";
import type { PlannedTag, RepositoryPlan } from "../../../src/engine/migrate/plan.ts";
import type { Event } from "../../../src/events/event.ts";
import { createJournal } from "../../../src/journal/journal.ts";
import { openMigrationState } from "../../../src/journal/migration-state.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import { classifyTag } from "../../../src/stages/tag.ts";
import { soleRunner } from "../../properties/runner.ts";

/** Two registries in this process, and plans between them that are made by looking into them. */
export interface CopyWorld {
  readonly source: Side;
  readonly target: Side;
  readonly events: readonly Event[];
  /** A plan of one repository of the source: every tag that the target has not with this digest. */
  plan(from?: string, to?: string, more?: Partial<RepositoryPlan>): RepositoryPlan;
  copy(plans?: readonly RepositoryPlan[], deps?: Partial<CommandDeps>): Promise<Copied>;
  verify(plan: RepositoryPlan): Promise<Verification>;
  /** The whole of it, planning included; of `shop` on both sides. */
  migrate(more?: Partial<MigrateRequest>, deps?: Partial<CommandDeps>): Promise<MigrationResult>;
  /** Where the state file lies. */
  readonly statePath: string;
}

export interface Side {
  readonly registry: Registry;
  readonly server: ListeningRegistry;
  at(name: string): Repository;
  state(name?: string): RepositoryState;
  /** Requests since the last call, as `METHOD what/key`. */
  requests(): string[];
}

export interface CopyWorldSpec {
  readonly source?: FakeOptions;
  readonly target?: FakeOptions;
  readonly sourceFaults?: readonly FaultRule[];
  readonly targetFaults?: readonly FaultRule[];
  /** Both sides are one server. */
  readonly isOneHost?: boolean;
  readonly wrapTarget?: (registry: Registry) => Registry;
}

export const NOW = 1_760_000_000_000;

const HEADER = { kind: "tidemark-migration", schema: 1, from: "a", to: "b" } as const;

export async function openCopyWorld(spec: CopyWorldSpec = {}): Promise<CopyWorld> {
  const { isOneHost = false, wrapTarget = (registry) => registry } = spec;
  const target = await openSide(spec.target, spec.targetFaults, wrapTarget);
  const source = isOneHost ? target : await openSide(spec.source, spec.sourceFaults);
  const directory = await mkdtemp(join(tmpdir(), "tidemark-copy-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const statePath = join(directory, "state.jsonl");
  const events: Event[] = [];
  const nobody = (): Promise<never> => Promise.reject(new Error("nobody asks for this"));
  const commandDeps: CommandDeps = {
    openRegistry: async (_, role) => (role === "to" ? target : source).registry,
    readHistory: nobody,
    openClusters: nobody,
    readImageNames: nobody,
    openJournal: async (header) => createJournal(directory, header),
    runner: soleRunner(NOW),
    report: (event) => events.push(event),
    signal: new AbortController().signal,
    now: () => new Date(NOW),
    requests: () => ({ GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 }),
    parallel: 4,
  };

  return {
    source,
    target,
    events,
    statePath,
    plan(from = "shop", to = "shop", more = {}) {
      return { ...planOf(source, target, { from, to }), ...more };
    },
    async copy(plans = [planOf(source, target, { from: "shop", to: "shop" })], deps = {}) {
      await using state = await openMigrationState(statePath, HEADER);
      const plan = {
        kind: "migration",
        schema: 1,
        createdAt: new Date(NOW).toISOString(),
        repositories: plans,
        warnings: [],
      } as const;
      const open = (): { from: Registry; to: Registry } => ({
        from: source.registry,
        to: target.registry,
      });
      return await copyPlan({ plan, open }, state, { ...commandDeps, ...deps });
    },
    migrate: (more = {}, deps = {}) =>
      migrate(
        {
          from: { kind: "repository", repository: source.at("shop") },
          to: { kind: "repository", repository: target.at("shop") },
          selection: { foreign: true },
          overwrite: false,
          referrers: true,
          allow: new Set(),
          dryRun: false,
          verify: false,
          ...more,
        },
        {
          ...commandDeps,
          openMigrationState: (header, path = statePath) => openMigrationState(path, header),
          ...deps,
        },
      ),
    verify: (plan) =>
      verifyRepository(
        plan,
        { from: source.registry, to: target.registry },
        {
          signal: new AbortController().signal,
          parallel: 4,
          verified: () => undefined,
        },
      ),
  };
}

/** Stages with two layers in common and a configuration of their own. */
export function seedStages({ source }: { readonly source: Side }, count: number): void {
  for (let at = 0; at < count; at += 1) {
    const image = imageOf({ labels: { at: `${at}` }, layers: ["shared one", "shared two"] });
    seedContent(source.state(), image, [`${"ab".repeat(28)}-${1_700_000_000_000 + at}`]);
  }
}

export function statuses({ tags }: Pick<Copied, "tags">): string[] {
  return tags.flat().map(({ outcome }) => outcome.status);
}

async function openSide(
  options: FakeOptions = dockerRegistry2,
  faults: readonly FaultRule[] = [],
  wrap: (registry: Registry) => Registry = (registry) => registry,
): Promise<Side> {
  const fake = createFakeRegistry(options);
  const server = await withFaults(fake, ...faults).listen();
  const opened = await openDefault({ host: server.host });
  onTestFinished(async () => {
    await opened[Symbol.asyncDispose]();
    await server.close();
  });
  let seen = 0;
  return {
    registry: wrap(opened.registry),
    server,
    at: (name) => ({ host: server.host, name }),
    state: (name = "shop") => repositoryIn(fake.state, name),
    requests() {
      const all = server.requests().slice(seen);
      seen += all.length;
      return all.map(({ method, path }) => `${method} ${path.replace(/^\/v2\//, "")}`);
    },
  };
}

function planOf(
  source: Side,
  target: Side,
  names: { readonly from: string; readonly to: string },
): RepositoryPlan {
  const [from, to] = [source.state(names.from), target.state(names.to)];
  const read = createLinkReader();
  const known = new Map(
    [...from.manifests].map(([digest, { mediaType, bytes }]) => [
      digest,
      read({ digest, mediaType, bytes }),
    ]),
  );
  const tags = [...from.tags].map(([tag, digest]): PlannedTag => {
    const there = to.tags.get(tag);
    const kind = classifyTag(tag).kind;
    return {
      tag,
      as: tag,
      class: kind,
      digest,
      there: there === undefined ? "missing" : there === digest ? "present" : "differs",
    };
  });
  const roots = tags.filter(({ there }) => there !== "present").map(({ digest }) => digest);
  const referrers = [...known].flatMap(([digest, links]) =>
    typeof links !== "string" &&
    links.subject !== undefined &&
    !roots.includes(digest) &&
    !to.manifests.has(digest)
      ? [digest]
      : [],
  );
  return {
    from: source.at(names.from),
    to: target.at(names.to),
    needsCreation: false,
    isFresh: to.tags.size === 0,
    manifests: orderManifests(roots, referrers, known),
    tags: sortTags(tags),
    left: [],
  };
}
