import { access } from "node:fs/promises";

import type { LeftBecause } from "../../engine/migrate/plan.ts";
import { isMissing } from "../../journal/whole-file.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import { GuardError } from "../error.ts";
import { readLocalBlock, writeLocalBlock } from "./local-block.ts";
import { migrate } from "./migrate.ts";
import type { MigrateDeps, MigrateRequest } from "./migrate.ts";
import type { RemovalPolicy } from "./remove-source.ts";
import type { MigrationResult } from "./result.ts";

/** What a project on this machine is told to use instead of `:local`. */
export interface SwitchRequest {
  readonly project: string;
  readonly from: Repository;
  readonly to: Repository;
  /** The file that closes `:local` to the project. */
  readonly blockPath: string;
  readonly dryRun: boolean;
  readonly allow: MigrateRequest["allow"];
  /** How what the repository was proved to have goes from this machine. Absent: it stays, as in a dry run. */
  readonly removal?: RemovalPolicy;
}

export interface SwitchResult {
  /** What each pass did; none where this machine has no stages of the project. */
  readonly passes: readonly MigrationResult[];
  /** Whether `:local` is closed to the project by now. */
  readonly isClosed: boolean;
}

/**
 * Moves the stages that a project keeps on this machine into a repository: copies them, closes `:local` to every later run
 * of the project, copies what came meanwhile, and removes what was then proved to be there.
 *
 * A first pass that failed in anything, or had to leave something of the project behind, closes nothing. What a publisher that is still running uses stays, and is taken along
 * by another run of this.
 */
export async function switchFromLocal(
  request: SwitchRequest,
  deps: MigrateDeps,
): Promise<SwitchResult> {
  const { project, to, blockPath, dryRun, removal } = request;
  await refuseOtherTarget(request);
  const copy = { ...copyRequest(request), dryRun };
  if (dryRun) return { passes: await passOver(request, copy, deps), isClosed: false };
  const attempt = await deps.runner.tryLockFile(`local stages of ${project}`);
  if (attempt.kind === "busy") {
    throw new GuardError(
      "local-stages",
      `another run moves the stages of project "${project}" right now; wait for it (its lock is ${attempt.path})`,
    );
  }
  try {
    const first = await passOver(request, copy, deps);
    if (!first.every((pass) => isComplete(pass, request.allow)))
      return { passes: first, isClosed: false };
    const movedAt = deps.now().toISOString();
    await writeLocalBlock(blockPath, { project, to: formatRepository(to), movedAt });
    const last = { ...copy, ...(removal === undefined ? {} : { removal }) };
    const second = await passOver(request, last, deps);
    return { passes: [...first, ...second], isClosed: true };
  } finally {
    await attempt.lock.release();
  }
}

/** A second run goes on with the first one's target. */
async function refuseOtherTarget({ project, to, blockPath }: SwitchRequest): Promise<void> {
  const block = await readLocalBlock(blockPath);
  if (block === undefined || block.to === formatRepository(to)) return;
  throw new GuardError(
    "local-stages",
    `the stages of project "${project}" moved to ${block.to} at ${block.movedAt}, not to ${formatRepository(to)}; name that, or migrate from there`,
  );
}

function copyRequest({ from, to, allow }: SwitchRequest): Omit<MigrateRequest, "dryRun"> {
  return {
    from: { kind: "repository", repository: from },
    to: { kind: "repository", repository: to },
    selection: { foreign: false },
    overwrite: false,
    referrers: true,
    verify: false,
    // After an earlier run there may be nothing left.
    allow: new Set([...allow, "empty-source"]),
  };
}

async function passOver(
  { from }: SwitchRequest,
  request: MigrateRequest,
  deps: MigrateDeps,
): Promise<readonly MigrationResult[]> {
  return (await isThere(from.name)) ? [await migrate(request, deps)] : [];
}

function isComplete(
  { repositories, brokeOff }: MigrationResult,
  allow: SwitchRequest["allow"],
): boolean {
  const isArrived = ({
    outcome,
  }: MigrationResult["repositories"][number]["tags"][number]): boolean =>
    outcome.status === "copied" || outcome.status === "present";
  const isWhole = ({ left }: MigrationResult["repositories"][number]): boolean =>
    allow.has("left-behind") || !left.some(({ why }) => LOST.has(why.kind));
  return (
    brokeOff === undefined &&
    repositories.every((each) => each.tags.every(isArrived) && isWhole(each))
  );
}

/** Why something of the project would be nowhere but where nobody looks any more. */
const LOST: ReadonlySet<LeftBecause["kind"]> = new Set(["broken", "taken", "unnameable"]);

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
