import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { createState, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import { audit } from "../../../src/commands/audit/audit.ts";
import type { AuditRequest } from "../../../src/commands/audit/request.ts";
import type { Audit } from "../../../src/engine/audit/audit.ts";
import type { Event } from "../../../src/events/event.ts";
import { formatRepository } from "../../../src/oci/reference.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import { murmurHash } from "../../../src/stages/hash.ts";
import { cleanupPolicy } from "../../properties/ask.ts";
import type { Ask } from "../../properties/ask.ts";
import type { MemoryRegistry } from "../../properties/memory-registry.ts";
import { REPOSITORY, depsOf } from "../../properties/run.ts";

export const NAME = formatRepository(REPOSITORY);
export const NOW = Date.UTC(2026, 0, 10);
export const STAGE = `${"1".repeat(56)}-${NOW - 86_400_000}`;
const RECORD = `meta-${murmurHash("web")}_${"a".repeat(40)}_${STAGE}`;

/** Audits the one repository that a registry has. */
export function run(
  registry: Registry | MemoryRegistry,
  request: Partial<AuditRequest> = {},
  by = ask(),
  events: Event[] = [],
): Promise<Audit> {
  const { repository: _, ...policy } = cleanupPolicy(by, REPOSITORY);
  const targets = [targetOf(REPOSITORY)];
  const deps = { ...depsOf(registry, by, {}), report: (event: Event) => void events.push(event) };
  return audit({ targets, policy, compare: false, ...request }, deps);
}

export function targetOf(namespace: Repository): AuditRequest["targets"][number] {
  return { kind: "repository", namespace, role: "repo" };
}

/** A project whose policy keeps what was built from the tip of `main`. */
export function ask(more: Partial<Ask> = {}): Ask {
  const limit = { last: -1, inHours: undefined, operator: "And" };
  const commit = "a".repeat(40);
  return {
    project: "shop",
    now: NOW,
    hours: 2,
    keepList: new Set(),
    git: {
      policies: [{ kind: "branch", names: "^main$", references: limit, images: limit }],
      references: [{ kind: "branch", name: "main", commit, time: NOW / 1000 }],
      commits: [{ id: commit, time: NOW / 1000, parents: [] }],
    },
    ...more,
  };
}

/** A stage with its record. */
export function healthy(): RepositoryState {
  const state = repositoryIn(createState(), REPOSITORY.name);
  for (const tag of ["managed-image-web", STAGE, RECORD]) {
    seedContent(state, imageOf({ labels: { werf: "shop", tag } }), [tag]);
  }
  return state;
}
