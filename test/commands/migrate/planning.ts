import { openDefault } from "../../../contract-tests/adapters/default-subject.ts";
import { createFakeRegistry } from "../../../contract-tests/fakes/distribution.ts";
import type { FakeOptions, ListeningRegistry } from "../../../contract-tests/fakes/distribution.ts";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import type { CommandDeps } from "../../../src/commands/deps.ts";
import { gatherMigration } from "../../../src/commands/migrate/gather-migration.ts";
import type { MigrationRequest, Selection } from "../../../src/commands/migrate/request.ts";
import type { MigrationPlan, RepositoryPlan } from "../../../src/engine/migrate/plan.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { recordImage } from "../../../src/stages/record.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import { depsOf } from "../../properties/run.ts";

/** Two registries in this process, and plans to copy from one to the other. */
export interface Planning extends AsyncDisposable {
  readonly from: PlanningSide;
  readonly to: PlanningSide;
  readonly warnings: readonly string[];
  /** Plans `shop` → `shop`, every class and what nobody knows of, but for what `asked` names. */
  plan(asked?: Asked): Promise<MigrationPlan>;
  /** The only repository of such a plan. */
  planOne(asked?: Asked): Promise<RepositoryPlan>;
}

export interface Asked extends Partial<Omit<MigrationRequest, "selection">> {
  readonly selection?: Partial<Selection>;
  readonly deps?: Partial<CommandDeps>;
}

export interface PlanningSide {
  readonly registry: Registry;
  state(name?: string): RepositoryState;
  at(name?: string): Repository;
  push(content: SeedContent, ...tags: readonly string[]): SeedContent;
  /** Requests since the last call, as `METHOD what`. */
  requests(): readonly string[];
}

/** When every plan is made. Milliseconds since the epoch. */
export const NOW = Date.UTC(2026, 5, 1);

export const DAY_MS = 86_400_000;

/** The id of a stage, by a hex digit and its age. */
export function stageId(letter: string, days = 1): string {
  return `${letter.repeat(56)}-${NOW - days * DAY_MS}`;
}

/** An image that nothing else is like. */
export function image(name: string, labels: Readonly<Record<string, string>> = {}): SeedContent {
  return imageOf({ labels: { name, ...labels }, layers: ["shared", name] });
}

/** A stage of project `shop`. */
export function stage(name: string, labels: Readonly<Record<string, string>> = {}): SeedContent {
  return image(name, { werf: "shop", ...labels });
}

/** A record of project `shop`. */
export function record(name: string, labels: Readonly<Record<string, string>> = {}): SeedContent {
  const hash = digestOf(new TextEncoder().encode(name)).replaceAll(/\D/g, "");
  const created = `2026-05-01T00:00:00.${hash.slice(0, 9)}Z`;
  const { manifest, blobs } = recordImage("shop", labels, created);
  return {
    ...manifest,
    blobs: blobs.map(({ descriptor, bytes }) => ({ digest: descriptor.digest, bytes })),
    children: [],
  };
}

export async function openPlanning(
  fakes: { readonly from?: FakeOptions; readonly to?: FakeOptions } = {},
): Promise<Planning> {
  const from = await openSide(fakes.from);
  const to = await openSide(fakes.to);
  const warnings: string[] = [];
  const ask = { project: "shop", now: NOW, hours: 0, keepList: new Set<string>(), git: undefined };
  const planning: Planning = {
    from,
    to,
    warnings,
    async plan({ selection, deps, ...asked } = {}) {
      const request: MigrationRequest = {
        from: { kind: "repository", repository: from.at() },
        to: { kind: "repository", repository: to.at() },
        overwrite: false,
        referrers: true,
        allow: new Set(),
        ...asked,
        selection: { foreign: true, ...selection },
      };
      const { plan } = await gatherMigration(request, {
        ...depsOf(from.registry, ask, { parallel: 4 }),
        openRegistry: async ({ host }) => (host === from.at().host ? from : to).registry,
        report(event) {
          if (event.type === "warning.raised") warnings.push(event.message);
        },
        ...deps,
      });
      return plan;
    },
    async planOne(asked) {
      const { repositories } = await planning.plan(asked);
      const [only] = repositories;
      if (only === undefined || repositories.length !== 1) throw new Error("not one repository");
      return only;
    },
    async [Symbol.asyncDispose]() {
      await from[Symbol.asyncDispose]();
      await to[Symbol.asyncDispose]();
    },
  };
  return planning;
}

async function openSide(fake: FakeOptions = {}): Promise<PlanningSide & AsyncDisposable> {
  const server: ListeningRegistry = await createFakeRegistry(fake).listen();
  const opened = await openDefault({ host: server.host });
  let seen = 0;
  const state = (name = "shop"): RepositoryState => repositoryIn(server.state, name);
  return {
    registry: opened.registry,
    state,
    at: (name = "shop") => ({ host: server.host, name }),
    push(content, ...tags) {
      seedContent(state(), content, tags);
      return content;
    },
    requests() {
      const all = server.requests().slice(seen);
      seen += all.length;
      return all.map(({ method, path }) => `${method} ${path.replace(/^\/v2\//, "")}`);
    },
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await server.close();
    },
  };
}
