import { eachReference, recordsByImage } from "./git-policy.ts";
import type { BuildRecord, PlacedRecord } from "./git-policy.ts";
import type { History } from "./history.ts";
import type { KeepPolicy } from "./policy.ts";
import { selectReferences } from "./references.ts";

/** Most references of one kind that a check names; the rest are counted. */
const MAX_NAMED = 8;

/** What the history says about a commit that an image was built from. */
export interface CommitCheck {
  readonly kind: "commit";
  readonly commit: string;
  /** Name of the image. */
  readonly image: string;
  /** Whether any reference reaches the commit. */
  readonly isReached: boolean;
  /** References that a policy selects and that reach it, with its place there. */
  readonly counted: readonly CountedReference[];
  readonly moreCounted: number;
  /** References that reach it and that no policy selects: `branch main`. */
  readonly unselected: readonly string[];
  readonly moreUnselected: number;
}

export interface CountedReference {
  /** `branch main`. */
  readonly reference: string;
  /** Place of the policy in the configuration, from 0. */
  readonly policy: number;
  /** Place of the commit among those with images of that name, from 1, newest first. */
  readonly rank: number;
  /** How many the policy keeps at most; absent: it does not count. */
  readonly last?: number;
  /** Age of the commit, and the age up to which the policy keeps. Milliseconds. */
  readonly ageMs: number;
  readonly inMs?: number;
}

/**
 * Looks up, for each commit of an image, which references reach it and where it stands there.
 *
 * @param records Every build of the repository.
 * @param own Builds of the image that is asked about.
 */
export function checkCommits(
  records: readonly BuildRecord[],
  own: readonly BuildRecord[],
  history: History,
  policies: readonly KeepPolicy[],
  nowMs: number,
): readonly CommitCheck[] {
  const { graph } = history;
  const { selected } = selectReferences(policies, history.references, nowMs);
  const winners = new Map(selected.map((found) => [found.reference, found]));
  const images = recordsByImage(records, graph);
  const drafts = own.map((record) => ({
    record,
    commit: graph.indexOf(record.commit),
    counted: new Array<CountedReference>(),
    unselected: new Array<string>(),
  }));
  const references = history.references.map((reference) => ({ reference }));
  for (const {
    reference: { reference },
    reaches,
  } of eachReference(references, graph)) {
    const name = `${reference.kind} ${reference.name}`;
    const winner = winners.get(reference);
    for (const { record, commit, counted, unselected } of drafts) {
      if (commit < 0 || !reaches(commit)) continue;
      if (winner === undefined) {
        unselected.push(name);
        continue;
      }
      const rank = rankOf(record, commit, images.get(record.image) ?? [], reaches);
      const { last, inMs } = winner.images;
      counted.push({
        reference: name,
        policy: winner.policy,
        rank,
        ...(last === undefined || last < 0 ? {} : { last }),
        ageMs: nowMs - (graph.times[commit] ?? 0) * 1000,
        ...(inMs === undefined ? {} : { inMs }),
      });
    }
  }
  return drafts.map(({ record, counted, unselected }) => ({
    kind: "commit",
    commit: record.commit,
    image: record.image,
    isReached: counted.length + unselected.length > 0,
    counted: counted.slice(0, MAX_NAMED),
    moreCounted: Math.max(0, counted.length - MAX_NAMED),
    unselected: unselected.slice(0, MAX_NAMED),
    moreUnselected: Math.max(0, unselected.length - MAX_NAMED),
  }));
}

/** The place of a commit among those of its image that a reference reaches, as the policies count. */
function rankOf(
  { stageId }: BuildRecord,
  commit: number,
  newestFirst: readonly PlacedRecord[],
  reaches: (commit: number) => boolean,
): number {
  const seen = new Set<string>();
  let rank = 0;
  let lastCommit = -1;
  for (const placed of newestFirst) {
    const { stageId: id } = placed.record;
    if (!reaches(placed.commit) || (seen.has(id) && id !== stageId)) continue;
    seen.add(id);
    if (placed.commit !== lastCommit) rank += 1;
    lastCommit = placed.commit;
    if (placed.commit === commit && id === stageId) break;
  }
  return rank;
}
