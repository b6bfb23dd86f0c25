import type { Digest } from "../../oci/digest.ts";
import { isUnclaimed } from "./cascade.ts";
import type { Decision } from "./decision.ts";
import type { Ground } from "./deletions.ts";
import { namesOn } from "./parents.ts";
import type { Reason } from "./reason.ts";
import { isGoing } from "./ways.ts";
import type { Way } from "./ways.ts";

/** Keeps what cannot go, and what belongs to something that stays. Answers whether anything changed. */
export function keepWhatCannotGo(
  decisions: Map<string, Decision>,
  ways: ReadonlyMap<Digest, Way>,
  ground: Ground,
): boolean {
  let changed = false;
  const keep = (name: string, reason: Reason): void => {
    if (!isGoing(decisions, name)) return;
    decisions.set(name, { reasons: [reason] });
    changed = true;
  };
  keepStuck(ways, ground, keep);
  keepRecords(decisions, ground, keep);
  keepReferrers(decisions, ways, ground, keep);
  keepUntagged(decisions, ways, ground, keep);
  return changed;
}

type Keep = (name: string, reason: Reason) => void;

/** Tags that cannot go alone. */
function keepStuck(ways: ReadonlyMap<Digest, Way>, ground: Ground, keep: Keep): void {
  for (const [digest, way] of ways) {
    if (typeof way === "string") continue;
    for (const name of namesOn(digest, ground)) {
      keep(name, { kind: "shared-digest", of: way.staysWith });
    }
  }
}

/** What tells of a stage or an alias that stays. */
function keepRecords(
  decisions: ReadonlyMap<string, Decision>,
  { catalog }: Ground,
  keep: Keep,
): void {
  for (const { record, tag } of catalog.customTags) {
    const decision = decisions.get(tag);
    if (decision === undefined || !("reasons" in decision)) continue;
    if (decision.reasons.some(({ kind }) => kind === "moved")) continue;
    keep(record, { kind: "record", of: tag });
  }
  for (const [tag, { class: known }] of catalog.tags) {
    if (known.kind !== "rejected" || !catalog.stages.has(known.stageId)) continue;
    if (!isGoing(decisions, known.stageId)) {
      keep(tag, { kind: "rejected-but-needed", of: known.stageId });
    }
  }
}

/** Referrers of what does not go as a manifest, tagged or not. */
function keepReferrers(
  decisions: ReadonlyMap<string, Decision>,
  ways: ReadonlyMap<Digest, Way>,
  ground: Ground,
  keep: Keep,
): void {
  for (const [subject, referrers] of ground.catalog.referrers) {
    if (ways.get(subject) === "manifest") continue;
    for (const { tag } of referrers) {
      const decision = decisions.get(tag);
      if (decision !== undefined && "because" in decision && decision.because === "subject-gone") {
        keep(tag, { kind: "referrer", of: subject });
      }
    }
  }
  for (const [subject, referrers] of ground.untagged.about) {
    const [name] = namesOn(subject, ground);
    if (name === undefined || ways.get(subject) === "manifest") continue;
    for (const referrer of referrers) keep(referrer, { kind: "referrer", of: name });
  }
}

/**
 * Manifests without a tag that an index names, or a referrer is about, which stays; and whatever an index names that stays
 * though the closure did not reach it.
 */
function keepUntagged(
  decisions: ReadonlyMap<string, Decision>,
  ways: ReadonlyMap<Digest, Way>,
  ground: Ground,
  keep: Keep,
): void {
  const { untagged, indexesOf } = ground;
  for (const digest of untagged.manifests.keys()) {
    const index = (indexesOf.get(digest) ?? []).find((by) => ways.get(by) !== "manifest");
    const [by = index] = index === undefined ? [] : namesOn(index, ground);
    if (by !== undefined) keep(digest, { kind: "index-child", of: by });
  }
  const stays = (digest: Digest): boolean =>
    ways.get(digest) !== "manifest" && namesOn(digest, ground).some((name) => decisions.has(name));
  for (const [digest, way] of ways) {
    const index = way === "manifest" ? indexesOf.get(digest)?.find(stays) : undefined;
    const [of = index] = index === undefined ? [] : namesOn(index, ground);
    if (of === undefined) continue;
    for (const name of namesOn(digest, ground)) keep(name, { kind: "index-child", of });
  }
  for (const [referrer, subject] of untagged.subjects) {
    if (decisions.has(referrer) && !isGoing(decisions, referrer)) {
      if (untagged.manifests.has(subject)) keep(subject, { kind: "subject", of: referrer });
    }
  }
}

/** Lets go the signature tags about every manifest that goes. Answers whether anything changed. */
export function dropSignatures(
  decisions: Map<string, Decision>,
  ways: ReadonlyMap<Digest, Way>,
  ground: Ground,
): boolean {
  let changed = false;
  for (const [digest, referrers] of ground.catalog.referrers) {
    if (ways.get(digest) !== "manifest") continue;
    const names = namesOn(digest, ground);
    const after = names.length > 0 ? names : indexesGoing(digest, ways, ground);
    for (const { tag } of referrers) {
      const decision = decisions.get(tag);
      if (decision === undefined || !isUnclaimed(decision)) continue;
      decisions.set(tag, { because: "subject-gone", after });
      changed = true;
    }
  }
  return changed;
}

/** Names of the indexes with which a manifest goes that has no name of its own. */
function indexesGoing(
  digest: Digest,
  ways: ReadonlyMap<Digest, Way>,
  ground: Ground,
): readonly string[] {
  const indexes = (ground.indexesOf.get(digest) ?? []).filter((by) => ways.get(by) === "manifest");
  return indexes.flatMap((by) => namesOn(by, ground));
}
