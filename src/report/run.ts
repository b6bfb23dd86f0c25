import type { CleanupResult } from "../commands/cleanup/result.ts";
import type { CleanupInput } from "../engine/cleanup/inventory.ts";
import type { Freed } from "./freed.ts";

/** A run, with all that a report tells of it. */
export interface ReportedRun {
  /** `cleanup`, `apply`, `purge`. */
  readonly command: string;
  readonly version: string;
  readonly dryRun: boolean;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** The primary repository first. Empty: the run failed before there was a plan. */
  readonly repositories: readonly ReportedRepository[];
  /** Why the run failed; absent when it came to an end. */
  readonly failure?: Failure;
  readonly exitCode: number;
}

export interface Failure {
  readonly exitCode: number;
  readonly lines: readonly string[];
}

export interface ReportedRepository {
  /** `repo`, `final-repo`, `cache-repo`: what the repository is to the project. */
  readonly role: string;
  readonly result: CleanupResult;
  /** What the plan was decided from; absent when nothing was decided. */
  readonly input?: CleanupInput;
  /** First lines of the messages of commits on the map of the history, by hex id. Absent: nobody read them. */
  readonly subjects?: ReadonlyMap<string, string>;
  /** Absent when nobody read what is stored. */
  readonly freed?: Freed;
  /** Why the bytes are not known, or not all of them; one line. */
  readonly unread?: string;
}

/** How a run ended, in a few words. */
export function outcomeOf(run: ReportedRun): string {
  const { failure, dryRun, repositories } = run;
  if (failure !== undefined) return "failed before anything was deleted";
  if (repositories.some(({ result }) => result.brokeOff !== undefined)) return "broke off";
  if (repositories.some(({ result }) => result.failed.length > 0)) return "partly failed";
  if (!dryRun) return "done";
  return repositories.some(({ result }) => result.violations.length > 0)
    ? "dry run; a real one would be stopped"
    : "dry run; nothing was changed";
}
