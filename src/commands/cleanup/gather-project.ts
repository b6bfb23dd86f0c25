import type { Primary } from "../../engine/cleanup/inventory.ts";
import type { CleanupPlan } from "../../engine/cleanup/plan.ts";
import type { Repository } from "../../oci/reference.ts";
import { copyPolicy, factsForCopies, primaryOf } from "./copies.ts";
import type { CopyTarget } from "./copies.ts";
import type { CommandDeps } from "../deps.ts";
import { gatherCleanup } from "./gather-cleanup.ts";
import type { CleanupPolicy } from "./policy.ts";
import type { Gathered } from "./gathered.ts";
import { listHomes } from "./homes.ts";
import type { Home, HomeListing } from "./homes.ts";

export interface Copy {
  readonly target: CopyTarget;
  readonly home: Home;
}

export interface PlannedRole {
  readonly role: string;
  readonly gathered: Gathered;
}

export interface Project {
  readonly primary: PlannedRole;
  readonly copies: readonly PlannedRole[];
  /** What the primary has become; copies ask it before each decision. */
  readonly state: PrimaryState;
}

/** What is known about the primary while copies are cleaned. */
interface PrimaryState {
  plan: CleanupPlan;
  /** Whether the primary was cleaned: then whatever is left there stays in the copies too. */
  isDone: boolean;
  readonly gone: Set<string>;
}

/** Opens the registries of copies, each as its role. */
export async function openCopies(
  targets: readonly CopyTarget[],
  deps: Pick<CommandDeps, "openRegistry">,
): Promise<readonly Copy[]> {
  const copies: Copy[] = [];
  for (const target of targets) {
    const { repository, role } = target;
    const registry = await deps.openRegistry(repository, role);
    copies.push({ target, home: { registry, repository } });
  }
  return copies;
}

/** Plans every repository. Copies are listed first: what is not yet in the primary then was not copied from it. */
export async function gatherProject(
  policy: CleanupPolicy,
  { registry }: Home,
  copies: readonly Copy[],
  deps: CommandDeps,
): Promise<Project> {
  const listings = new Map<Copy, HomeListing>();
  for (const copy of copies) listings.set(copy, await listHomes({ stages: copy.home }, deps));
  const known = alsoUsedAs(
    policy,
    copies.map(({ target }) => target.repository),
  );
  const gathered = await gatherCleanup(registry, known, deps);
  const state: PrimaryState = { plan: gathered.plan, isDone: false, gone: new Set() };
  const primary = async (): Promise<Primary> =>
    primaryOf(gathered, state.plan, state.isDone ? state.gone : undefined);
  const planned: PlannedRole[] = [];
  for (const copy of copies) {
    const listing = listings.get(copy);
    const own = await gatherCleanup(copy.home.registry, copyPolicy(policy, copy.target), deps, {
      primary,
      facts: factsForCopies(gathered.facts),
      ...(listing === undefined ? {} : { listing }),
    });
    planned.push({ role: copy.target.role, gathered: own });
  }
  return { primary: { role: "repo", gathered }, copies: planned, state };
}

/** A stage that is used in a copy stays in the primary too, and so do its records and its other copies. */
function alsoUsedAs(policy: CleanupPolicy, copies: readonly Repository[]): CleanupPolicy {
  const { usage, repository } = policy;
  if (usage === undefined) return policy;
  const aliases = [...usage.aliases, { of: repository, at: copies }];
  return { ...policy, usage: { ...usage, aliases } };
}
