import type { RepositoryPlan } from "../../engine/migrate/plan.ts";
import { JournalError } from "../../journal/journal-error.ts";
import type { MigrationState, MigrationStateHeader } from "../../journal/migration-state.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { CommandDeps } from "../deps.ts";
import { NOTHING_SENT, copyPlan } from "./copy.ts";
import type { Copied } from "./copy.ts";
import { gatherMigration } from "./gather-migration.ts";
import { proveAndRemove } from "./prove-and-remove.ts";
import type { RemovalPolicy } from "./remove-source.ts";
import type { MigrationRequest, MigrationSide } from "./request.ts";
import type { MigrationResult, RepositoryResult, TagResult } from "./result.ts";

/** A migration, and what is done besides copying. */
export interface MigrateRequest extends MigrationRequest {
  /** Decides, and sends nothing that changes anything. */
  readonly dryRun: boolean;
  /** Whether the target is looked at anew afterwards. Removal does that whatever this says. */
  readonly verify: boolean;
  /** How what the target was proved to have goes from the source. Absent: it stays. */
  readonly removal?: RemovalPolicy;
  /** Absolute path of the file that tells what has arrived. Absent: one for this migration in the user's state directory. */
  readonly state?: string;
}

export interface MigrateDeps extends CommandDeps {
  /**
   * What has arrived in earlier runs of a migration. Rejects with `JournalError`.
   *
   * @param path Absent: in the user's state directory.
   */
  openMigrationState(header: MigrationStateHeader, path?: string): Promise<MigrationState>;
}

/**
 * Copies what is selected from one side to the other, looks at what arrived, and removes from the source what was proved:
 * each only as far as it was asked for.
 *
 * The file that tells what has arrived stays when something is left to do, and is gone otherwise.
 */
export async function migrate(
  request: MigrateRequest,
  deps: MigrateDeps,
): Promise<MigrationResult> {
  const gathered = await gatherMigration(request, deps);
  const { plan } = gathered;
  const { dryRun } = request;
  if (dryRun) {
    const repositories = plan.repositories.map((planned) => resultOf(planned, untried(planned)));
    return { plan, dryRun, repositories, counts: NOTHING_SENT, warnings: plan.warnings };
  }
  await using state = await deps.openMigrationState(headerOf(request), request.state);
  const copied = await copyPlan(gathered, state, deps);
  const ended = await proveAndRemove(gathered, { request, copied }, deps);
  const brokeOff = copied.brokeOff ?? ended.brokeOff;
  const isOver = brokeOff === undefined && isWhole(copied);
  const leftover = isOver ? await finish(state) : [];
  return {
    plan,
    dryRun,
    repositories: plan.repositories.map((planned, at) => ({
      ...resultOf(planned, copied.tags[at] ?? []),
      ...ended.repositories[at],
    })),
    counts: copied.counts,
    warnings: [...plan.warnings, ...copied.warnings, ...ended.warnings, ...leftover],
    ...(brokeOff === undefined ? {} : { brokeOff }),
  };
}

function resultOf(
  { from, to, left }: RepositoryPlan,
  tags: readonly TagResult[],
): Pick<RepositoryResult, "from" | "to" | "tags" | "left"> {
  return { from, to, tags, left };
}

function untried({ tags }: RepositoryPlan): readonly TagResult[] {
  return tags.map((tag) => ({
    ...tag,
    outcome: { status: tag.there === "present" ? "present" : "waiting" },
  }));
}

/** Whether another run would find nothing that it could do better. */
function isWhole({ tags }: Copied): boolean {
  return tags
    .flat()
    .every(({ outcome: { status } }) => status === "copied" || status === "present");
}

/** Removes the file of a migration that is over. One that stays costs the next run nothing but a look; answers a warning. */
async function finish(state: MigrationState): Promise<readonly string[]> {
  try {
    await state.finish();
    return [];
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    return [error.message];
  }
}

function headerOf({ from, to, fromMetaRepo }: MigrateRequest): MigrationStateHeader {
  const records = fromMetaRepo === undefined ? "" : ` ${formatRepository(fromMetaRepo)}`;
  return {
    kind: "tidemark-migration",
    schema: 1,
    from: `${formatSide(from)}${records}`,
    to: formatSide(to),
  };
}

function formatSide(side: MigrationSide): string {
  return side.kind === "repository"
    ? formatRepository(side.repository)
    : `${formatRepository(side.namespace)}/`;
}
