import type { Audit, Comparison } from "../../engine/audit/audit.ts";
import { auditRepository } from "../../engine/audit/audit-repository.ts";
import type { RepositoryAudit } from "../../engine/audit/audit-repository.ts";
import { compareRepositories } from "../../engine/audit/compare.ts";
import type { Earlier } from "../../engine/audit/findings/moved.ts";
import { findReleases } from "../../engine/audit/findings/releases.ts";
import { orderFindings } from "../../engine/audit/order.ts";
import { THRESHOLDS } from "../../engine/audit/thresholds.ts";
import { formatRepository } from "../../oci/reference.ts";
import { gatherCleanup } from "../cleanup/gather-cleanup.ts";
import { gatherProject, openCopies } from "../cleanup/gather-project.ts";
import type { Home } from "../cleanup/homes.ts";
import { findPlaces } from "../cleanup/targets.ts";
import type { CommandDeps } from "../deps.ts";
import { UsageError } from "../error.ts";
import { gatherAudit } from "./gather-audit.ts";
import type { Planned } from "./gather-audit.ts";
import type { AuditRequest, PreviousAudit } from "./request.ts";
import { findSignatures } from "./signatures.ts";

/**
 * Looks at every tag of the repositories. Sends nothing that changes anything.
 *
 * Rejects with `UsageError` where two repositories were to be compared and there are not two of them, and like a cleanup
 * where a repository, the history or a cluster cannot be read.
 */
export async function audit(request: AuditRequest, deps: CommandDeps): Promise<Audit> {
  const createdAt = deps.now().toISOString();
  const places = await findPlaces(request.targets, deps);
  refuseUncomparable(request, places);
  const audits: RepositoryAudit[] = [];
  for (const place of places) {
    for (const planned of await planOf(place, request, deps)) {
      audits.push(await auditOne(planned, request, deps));
    }
  }
  const repositories = audits
    .map(({ repository }) => repository)
    .toSorted((a, b) => (a.repository < b.repository ? -1 : 1));
  const comparison = request.compare ? comparisonOf(audits, request) : undefined;
  return {
    kind: "audit",
    schema: 1,
    createdAt,
    repositories,
    findings: orderFindings(audits.flatMap(({ findings }) => findings)),
    ...(comparison === undefined ? {} : { comparison }),
    warnings: audits.flatMap(({ warnings }) => warnings),
  };
}

/** What a cleanup would decide, in the repository and in its copies. */
async function planOf(
  place: Home,
  { policy, copies = [], targets }: AuditRequest,
  deps: CommandDeps,
): Promise<readonly Planned[]> {
  const own = { ...policy, repository: place.repository };
  if (copies.length === 0) return [{ gathered: await gatherCleanup(place.registry, own, deps) }];
  if (targets.length !== 1 || targets[0]?.kind !== "repository") {
    throw new UsageError(
      "copies belong to one repository of stages, and several are named; name one with --repo host/name",
    );
  }
  const project = await gatherProject(own, place, await openCopies(copies, deps), deps);
  const primary = project.primary.gathered;
  return [{ gathered: primary }, ...project.copies.map(({ gathered }) => ({ gathered, primary }))];
}

async function auditOne(
  planned: Planned,
  request: AuditRequest,
  deps: CommandDeps,
): Promise<RepositoryAudit> {
  const { gathered } = planned;
  const { thresholds = THRESHOLDS, checksBlobs = false, releaseTags, previous } = request;
  const depth = { thresholds, checksBlobs };
  const { ground, verdicts, warnings } = await gatherAudit(planned, depth, deps);
  const releases = findReleases(ground, verdicts, releaseTags);
  const signatures = await findSignatures(releases, ground, gathered.homes.stages, deps);
  const earlier = earlierOf(ground.repository, previous);
  const done = auditRepository(ground, {
    verdicts,
    releases,
    ...("signed" in signatures ? { signed: signatures.signed } : {}),
    ...(earlier === undefined ? {} : { earlier }),
  });
  const unasked =
    "why" in signatures
      ? [`${ground.repository}: nobody can tell whether releases are signed: ${signatures.why}`]
      : [];
  const unknown =
    previous !== undefined && earlier === undefined
      ? [`${ground.repository} is not in the earlier audit, so nobody can tell which tags moved`]
      : [];
  return {
    ...done,
    warnings: [
      ...gathered.plan.warnings.map((warning) => `${ground.repository}: ${warning}`),
      ...warnings,
      ...done.warnings,
      ...unasked,
      ...unknown,
    ],
  };
}

function earlierOf(name: string, previous: PreviousAudit | undefined): Earlier | undefined {
  const found = previous?.repositories.find(({ repository }) => repository === name);
  if (previous === undefined || found === undefined) return undefined;
  return { createdAt: previous.createdAt, tags: found.tags };
}

function refuseUncomparable({ compare, copies = [] }: AuditRequest, places: readonly Home[]): void {
  const number = places.length + copies.length;
  if (!compare || number === 2) return;
  const found = number === 1 ? "there is 1" : `there are ${number}`;
  throw new UsageError(`two repositories can be compared, and ${found}; name two`);
}

/** The left one is that which was named first. */
function comparisonOf(
  audits: readonly RepositoryAudit[],
  { targets }: AuditRequest,
): Comparison | undefined {
  const [first] = targets;
  const named = first === undefined ? undefined : formatRepository(first.namespace);
  const both = audits.map(({ repository }) => repository);
  const [left, right] = both[1]?.repository === named ? both.toReversed() : both;
  return left === undefined || right === undefined ? undefined : compareRepositories(left, right);
}
