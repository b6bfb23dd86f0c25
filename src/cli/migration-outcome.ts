import type { MigrationResult, RepositoryResult, TagResult } from "../commands/migrate/result.ts";
import type { LeftTag } from "../engine/migrate/plan.ts";

/** What became of a tag, or in a dry run would. */
export type Outcome =
  | "would-copy"
  | "would-replace"
  | "copied"
  | "present"
  | "refused"
  | "failed"
  | "waiting";

/** In the order in which they are told. */
export const OUTCOMES: readonly Outcome[] = [
  "would-copy",
  "would-replace",
  "copied",
  "present",
  "refused",
  "failed",
  "waiting",
];

export function outcomeOf({ there, outcome }: TagResult, dryRun: boolean): Outcome {
  if (!dryRun) return outcome.status;
  if (there === "present") return "present";
  return there === "missing" ? "would-copy" : "would-replace";
}

const INTERRUPTED = 130;

/**
 * The exit code of a migration: 1 where something that was tried failed, 4 where a guard kept the source from being emptied.
 * What a known rule of the target refuses is listed and no failure, nor is what then has to wait for it.
 */
export function migrationExitCode(
  { repositories, brokeOff, dryRun }: Pick<MigrationResult, "repositories" | "brokeOff" | "dryRun">,
  { signal }: { readonly signal: AbortSignal },
): number {
  if (signal.aborted) return INTERRUPTED;
  if (brokeOff !== undefined) return 1;
  // What nobody tried waits, and has not failed.
  if (dryRun) return 0;
  if (repositories.some(hasFailed)) return 1;
  return repositories.some(({ removal }) => removal?.refused?.guard !== undefined) ? 4 : 0;
}

/** Tags that were asked for by their whole name, and that no repository of the source has. */
export function absentTags(
  names: readonly string[],
  { repositories }: Pick<MigrationResult, "repositories">,
): readonly string[] {
  const there = new Set(
    repositories.flatMap(({ tags, left }) => [...tags, ...left].map(({ tag }) => tag)),
  );
  return names.filter((name) => !name.includes("*") && !there.has(name));
}

function hasFailed({ tags, verification, removal }: RepositoryResult): boolean {
  const arrived = new Set(
    tags.flatMap(({ as, outcome: { status } }) =>
      status === "copied" || status === "present" ? [as] : [],
    ),
  );
  const has = (status: Outcome): boolean => tags.some(({ outcome }) => outcome.status === status);
  return (
    has("failed") ||
    (has("waiting") && !has("refused")) ||
    (verification?.problems.some(({ tag }) => arrived.has(tag)) ?? false) ||
    (removal?.failed.length ?? 0) > 0 ||
    (removal?.refused !== undefined && removal.refused.guard === undefined)
  );
}

/** Why a tag is not copied, as words for one line. */
export function describeLeft({ why }: LeftTag): string {
  switch (why.kind) {
    case "not-selected":
      return "not selected";
    case "foreign":
      return "nothing of the project knows it; --foreign copies such tags too";
    case "not-kept":
      return "a cleanup of the source would take it";
    case "transient":
      return "it is about the source itself";
    case "dangling":
      return "it leads nowhere";
    case "subject-left":
      return "what it is about is not copied";
    case "broken":
      return why.how === "absent"
        ? `${why.missing}, which it leads to, is not in the source`
        : `${why.missing}, which it leads to, cannot be understood`;
    case "taken":
      return `the target has ${why.by} under this name; --overwrite replaces it`;
    case "unnameable":
      return `the target cannot have this name: ${why.rule}`;
  }
}
