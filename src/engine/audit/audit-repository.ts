import type { Digest } from "../../oci/digest.ts";
import type { AuditedManifest, AuditedRepository, Finding, Share } from "./audit.ts";
import { findOldBases } from "./findings/bases.ts";
import { findUnknownCommits } from "./findings/commits.ts";
import type { Draft } from "./findings/draft.ts";
import { findGone } from "./findings/gone.ts";
import { findMoved } from "./findings/moved.ts";
import type { Earlier } from "./findings/moved.ts";
import { findRecordFaults } from "./findings/records.ts";
import { findUnsigned } from "./findings/releases.ts";
import type { Release } from "./findings/releases.ts";
import { findStageFaults } from "./findings/stages.ts";
import { findUpkeepFaults } from "./findings/upkeep.ts";
import { findUnprotected } from "./findings/usage.ts";
import type { Ground, Verdict } from "./ground.ts";
import { growthOf } from "./growth.ts";
import { findOrigins } from "./origins.ts";
import { AUDIT_RULES } from "./rules.ts";
import { shareOut } from "./share-out.ts";
import { createStorage } from "./storage.ts";
import type { Storage } from "./storage.ts";
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
  const { input, contents } = ground;
  const { verdicts, releases, signed, earlier } = findable;
  const storage = createStorage(contents);
  const loose = ground.untagged?.map(({ digest }) => digest) ?? [];
  const byDigest = groupBy(input.tags, ({ digest }) => digest);
  const bytes = shareOut(storage, byDigest, loose);
  const times = findTimes(ground);
  const origins = findOrigins(ground, verdicts);
  const known = { verdicts, origins, times, bytes: bytes.groups };
  const arrivals = input.tags.map((entry) => {
    const time = times.cameAt(entry);
    const { digest } = entry;
    return { ...(time === undefined ? {} : { time }), ...(digest === undefined ? {} : { digest }) };
  });
  const stageFaults = findStageFaults(ground, verdicts);
  const drafts = [
    ...findGone(ground),
    ...findRecordFaults(ground),
    ...stageFaults.drafts,
    ...findUnknownCommits(ground, verdicts),
    ...findUpkeepFaults(ground, verdicts),
    ...findUnprotected(ground, verdicts),
    ...findOldBases(ground, known),
    ...findMoved(ground, verdicts, earlier, releases),
    ...(signed === undefined ? [] : findUnsigned(releases, signed)),
  ];
  const sharesBy = (nameOf: (tag: string) => string | undefined): readonly Share[] =>
    sharesOf(ground, storage, loose, nameOf);
  const tags = describeTags(ground, known);
  return {
    repository: {
      repository: ground.repository,
      project: input.project,
      tags,
      ...(ground.untagged === undefined ? {} : { untagged: untaggedOf(ground, storage, byDigest) }),
      totals: {
        tags: input.tags.length,
        manifests: byDigest.size,
        bytes: bytes.total,
        ...(ground.untagged === undefined
          ? {}
          : { untaggedBytes: looseBytes(storage, loose, byDigest) }),
      },
      byClass: sharesBy((tag) => verdicts.get(tag)?.class),
      byImage: sharesBy(origins.imageOf),
      growth: growthOf(arrivals, storage),
    },
    findings: drafts.map((draft) => findingOf(draft, ground.repository)),
    warnings: stageFaults.warning === undefined ? [] : [stageFaults.warning],
  };
}

/** Tags without a name share with the others, and are in no group. */
function sharesOf(
  { input }: Ground,
  storage: Storage,
  loose: readonly Digest[],
  nameOf: (tag: string) => string | undefined,
): readonly Share[] {
  const counts = new Map<string, number>();
  const groups = new Map<string, Set<Digest>>();
  const others = new Set(loose);
  for (const { tag, digest } of input.tags) {
    const name = nameOf(tag);
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
    if (digest === undefined) continue;
    if (name === undefined) others.add(digest);
    else groups.set(name, (groups.get(name) ?? new Set()).add(digest));
  }
  const { groups: bytes } = shareOut(storage, groups, others);
  return [...counts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, tags]) => {
      const { own = 0, shared = 0 } = bytes.get(name) ?? {};
      return { name, tags, ownBytes: own, sharedBytes: shared };
    });
}

/** What a manifest without a tag holds alone: nothing where a tag leads to it. */
function untaggedOf(
  { untagged = [], contents }: Ground,
  storage: Storage,
  tagged: ReadonlyMap<Digest, readonly Digest[]>,
): readonly AuditedManifest[] {
  const groups = new Map(untagged.map(({ digest }) => [digest, [digest]]));
  const { groups: bytes } = shareOut(storage, groups, tagged.keys());
  return untagged
    .map(({ digest, mediaType: listed, pushedAt }) => {
      const mediaType = contents.get(digest)?.mediaType ?? listed;
      return {
        digest,
        ...(mediaType === undefined ? {} : { mediaType }),
        ...(pushedAt === undefined ? {} : { pushedAt: new Date(pushedAt).toISOString() }),
        ownBytes: bytes.get(digest)?.own ?? 0,
      };
    })
    .sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

/** Bytes that no tag leads to. */
function looseBytes(
  storage: Storage,
  loose: readonly Digest[],
  tagged: ReadonlyMap<Digest, readonly Digest[]>,
): number {
  const { groups } = shareOut(storage, new Map([["loose", loose]]), tagged.keys());
  return groups.get("loose")?.own ?? 0;
}

function groupBy<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => Digest | undefined,
): ReadonlyMap<Digest, readonly Digest[]> {
  const groups = new Map<Digest, readonly Digest[]>();
  for (const item of items) {
    const digest = keyOf(item);
    if (digest !== undefined && !groups.has(digest)) groups.set(digest, [digest]);
  }
  return groups;
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
