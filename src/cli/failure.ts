import { GuardError, PlanError, UnfinishedError, UsageError } from "../commands/error.ts";
import type { CleanupResult } from "../commands/cleanup/result.ts";
import type { Environment } from "../compose/environment.ts";
import { ConfigError } from "../config/error.ts";
import { CredentialsError } from "../credentials/error.ts";
import { isGitError } from "../git/error.ts";
import { JournalError } from "../journal/journal-error.ts";
import { PlanFileError } from "../journal/plan-file-error.ts";
import { LockError } from "../locks/lock.ts";
import { SynchronizationError } from "../locks/synchronization.ts";
import { AddressError } from "../oci/reference.ts";
import { DetectionError } from "../registry/detect.ts";
import { UNREADABLE_DIRECTORY, isRegistryError } from "../registry/error.ts";
import { StoreError } from "../server/store.ts";
import { SourceError } from "../sources/source.ts";
import { KeepListError } from "../usage/keep-list.ts";
import { ClusterError, KubeConfigError } from "../usage/kubernetes/error.ts";

/** What a process says and answers when a command ends early. */
export interface Failure {
  readonly exitCode: number;
  /** One line, and a second one when there is something the reader can do. */
  readonly lines: readonly string[];
}

const INTERRUPTED = 130;

/** Turns an error into its exit code and its lines. Source: design, section 5. */
export function describeFailure(
  error: unknown,
  { signal, env }: { readonly signal: AbortSignal; readonly env: Environment },
): Failure {
  if (signal.aborted) return { exitCode: INTERRUPTED, lines: ["interrupted; nothing was deleted"] };
  if (!(error instanceof Error))
    return { exitCode: 70, lines: [`internal error: ${String(error)}`] };
  const exitCode = codeOf(error);
  if (exitCode !== undefined) {
    const hint = isRegistryError(error) && error.hint !== undefined ? [error.hint] : [];
    return { exitCode, lines: [...error.message.split("\n"), ...hint] };
  }
  const trace = env["TIDEMARK_DEBUG"] === undefined ? [] : (error.stack ?? "").split("\n");
  return {
    exitCode: 70,
    lines: [`internal error, please report it: ${error.name}: ${error.message}`, ...trace],
  };
}

/** Exit code of a command that came to an end. */
export function exitCodeOf(
  { failed, brokeOff, violations }: Pick<CleanupResult, "failed" | "brokeOff" | "violations">,
  { signal }: { readonly signal: AbortSignal },
): number {
  if (signal.aborted) return INTERRUPTED;
  if (failed.length > 0 || brokeOff !== undefined) return 1;
  return violations.length > 0 ? 4 : 0;
}

/** Exit code of a command that worked on several repositories. */
export function worstExitCode(
  results: readonly Pick<CleanupResult, "failed" | "brokeOff" | "violations">[],
  host: { readonly signal: AbortSignal },
): number {
  const codes = results.map((result) => exitCodeOf(result, host));
  return [INTERRUPTED, 1, 4].find((code) => codes.includes(code)) ?? 0;
}

function codeOf(error: Error): number | undefined {
  if (error instanceof UnfinishedError) return 1;
  if (isUsage(error)) return 2;
  if (error instanceof PlanError || error instanceof GuardError) return 4;
  if (isGitError(error, "shallow")) return 4;
  if (isRegistryError(error)) return error.registryCode === UNREADABLE_DIRECTORY ? 2 : 3;
  if (error instanceof ClusterError || error instanceof LockError) return 3;
  if (error instanceof StoreError) return 3;
  if (isGitError(error) || error.name === "HttpError") return 3;
  return undefined;
}

function isUsage(error: Error): boolean {
  return (
    error instanceof UsageError ||
    error instanceof AddressError ||
    error instanceof ConfigError ||
    error instanceof CredentialsError ||
    error instanceof DetectionError ||
    error instanceof JournalError ||
    error instanceof KeepListError ||
    error instanceof KubeConfigError ||
    error instanceof PlanFileError ||
    error instanceof SourceError ||
    error instanceof SynchronizationError
  );
}
