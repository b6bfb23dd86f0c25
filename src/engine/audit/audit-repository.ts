import type { Digest } from "../../oci/digest.ts";
import type { AuditedRepository, Finding } from "./audit.ts";
import { findOldBases } from "./findings/bases.ts";
import { findUnknownCommits } from "./findings/commits.ts";
import type { Draft } from "./findings/draft.ts";
import { findGone } from "./findings/gone.ts";
import { findIncomplete } from "./findings/incomplete.ts";
import { findMoved } from "./findings/moved.ts";
import type { Earlier } from "./findings/moved.ts";
import { findRecordFaults } from "./findings/records.ts";
import { findUnsigned } from "./findings/releases.ts";
import type { Release } from "./findings/releases.ts";
import { findStageFaults } from "./findings/stages.ts";
import { findUpkeepFaults } from "./findings/upkeep.ts";
import { findUntaggedUses } from "./findings/untagged-uses.ts";
import { findUnprotected } from "./findings/usage.ts";
import type { Ground, Verdict } from "./ground.ts";
import { findOrigins } from "./origins.ts";
import { AUDIT_RULES } from "./rules.ts";
import { createScales } from "./scales.ts";
import { describeTags } from "./tags.ts";
import { findTimes } from "./times.ts";

/** What was found out besides the repository itself. */
export interface Findable {
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly releases: readonly Release[];
  /** Digests that something signs; absent: nobody could find out. */
  readonly signed?: ReadonlySet<Digest>;
  /** The same repository in an earlier audit. */
  readonly earlier?: Earlier | undefined;
}

/** The audit of one repository. */
export interface RepositoryAudit {
  readonly repository: AuditedRepository;
  readonly findings: readonly Finding[];
  readonly warnings: readonly string[];
}

/** Says what every tag of a repository is, what it weighs, and what is wrong. */
export function auditRepository(ground: Ground, findable: Findable): RepositoryAudit {
  const { verdicts, releases, signed, earlier } = findable;
  const scales = createScales(ground);
  const times = findTimes(ground);
  const origins = findOrigins(ground, verdicts);
  const known = { verdicts, origins, times, bytesOf: scales.bytesOf };
  const stageFaults = findStageFaults(ground, verdicts);
  const drafts = [
    ...findGone(ground),
    ...findIncomplete(ground),
    ...findRecordFaults(ground),
    ...stageFaults.drafts,
    ...findUnknownCommits(ground, verdicts),
    ...findUpkeepFaults(ground, verdicts),
    ...findUnprotected(ground, verdicts),
    ...findUntaggedUses(ground),
    ...findOldBases(ground, known),
    ...findMoved(ground, verdicts, earlier, releases),
    ...(signed === undefined ? [] : findUnsigned(releases, signed)),
  ];
  const { input } = ground;
  return {
    repository: {
      repository: ground.repository,
      project: input.project,
      tags: describeTags(ground, known),
      ...scales.untagged(),
      totals: {
        tags: input.tags.length,
        manifests: ground.catalog.byDigest.size,
        ...scales.totals(),
      },
      byClass: scales.sharesBy((tag) => verdicts.get(tag)?.class),
      byImage: scales.sharesBy(origins.imageOf),
      growth: scales.growth(times),
    },
    findings: drafts.map((draft) => findingOf(draft, ground.repository)),
    warnings: stageFaults.warning === undefined ? [] : [stageFaults.warning],
  };
}

function findingOf(
  { rule, severity, subject, message, advice }: Draft,
  repository: string,
): Finding {
  const known = AUDIT_RULES.find(({ id }) => id === rule);
  if (known === undefined) throw new Error(`there is no rule ${rule}`);
  return {
    rule,
    severity: severity ?? known.severity,
    repository,
    ...(subject === undefined ? {} : { subject }),
    message,
    advice: advice ?? known.advice,
  };
}
