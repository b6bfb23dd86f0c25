import type { MigrationResult, Removal, RepositoryResult } from "../commands/migrate/result.ts";
import type { RequestCounts } from "../http/client.ts";
import { formatRepository } from "../oci/reference.ts";
import { OUTCOMES, outcomeOf } from "./migration-outcome.ts";

/** A run that copied, as it is told. */
export interface MigrationReport {
  /** `migrate`, `stages copy`, `stages sync`, `stages switch-from-local`. */
  readonly command: string;
  readonly result: MigrationResult;
  /** Warnings that people have seen already. */
  readonly told: ReadonlySet<string>;
  readonly requests: RequestCounts;
}

/** The JSON form; the order is stable. */
export function migrationJson({
  command,
  result,
  requests,
}: Omit<MigrationReport, "told">): object {
  const { plan, dryRun, repositories, counts, warnings, brokeOff } = result;
  const { GET, HEAD, PUT, POST, PATCH, DELETE } = requests;
  const tags = repositories.flatMap((repository) => repository.tags);
  return {
    schema: 1,
    command,
    dryRun,
    createdAt: plan.createdAt,
    summary: {
      repositories: repositories.length,
      tags: {
        ...Object.fromEntries(
          OUTCOMES.map((outcome) => [
            outcome,
            tags.filter((tag) => outcomeOf(tag, dryRun) === outcome).length,
          ]),
        ),
        left: repositories.reduce((sum, { left }) => sum + left.length, 0),
      },
      requests: { GET, HEAD, PUT, POST, PATCH, DELETE },
    },
    counts,
    repositories: repositories.map((repository) => repositoryJson(repository, dryRun)),
    warnings,
    ...(brokeOff === undefined ? {} : { brokeOff }),
  };
}

function repositoryJson(
  { from, to, tags, left, verification, removal }: RepositoryResult,
  dryRun: boolean,
): object {
  return {
    from: formatRepository(from),
    to: formatRepository(to),
    tags: tags.map((tag) => ({
      tag: tag.tag,
      as: tag.as,
      class: tag.class,
      digest: tag.digest,
      status: outcomeOf(tag, dryRun),
      ...("code" in tag.outcome ? { code: tag.outcome.code, message: tag.outcome.message } : {}),
    })),
    left: left.map(({ tag, digest, class: label, why }) => ({ tag, digest, class: label, why })),
    ...(verification === undefined
      ? {}
      : {
          verification: {
            tags: verification.tags,
            manifests: verification.manifests,
            blobs: verification.blobs,
            proved: verification.proved.size,
            problems: verification.problems,
          },
        }),
    ...(removal === undefined ? {} : { removal: removalJson(removal) }),
  };
}

/** What it warns of, and why it broke off, is told of the whole run. */
function removalJson({ deleted, kept, failed, journals, refused }: Removal): object {
  return { deleted, kept, failed, journals, ...(refused === undefined ? {} : { refused }) };
}
