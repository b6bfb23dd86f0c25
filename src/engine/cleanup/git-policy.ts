import type { CommitGraph, History } from "./history.ts";
import type { KeepPolicy, Limit } from "./policy.ts";
import { isWithin } from "./policy.ts";
import { TIPS_PER_PASS, reachMasks } from "./reach.ts";
import { selectReferences } from "./references.ts";
import type { SelectedReference } from "./references.ts";

/** That an image was built from a commit and is this stage. */
export interface BuildRecord {
  /** The record's own tag. */
  readonly tag: string;
  /** What tells images apart; the murmur hash of the name. */
  readonly image: string;
  readonly commit: string;
  readonly stageId: string;
}

/** Why the history keeps a stage: this reference reaches this commit, by this policy. */
export interface HistoryEvidence {
  readonly policy: number;
  readonly reference: string;
  readonly commit: string;
  readonly image: string;
}

export interface HistoryVerdict {
  /** By stage id. */
  readonly kept: ReadonlyMap<string, readonly HistoryEvidence[]>;
  /** Tags of the records that serve a reference: the newest commit of each kept stage on it. */
  readonly serving: ReadonlySet<string>;
  /** Names of the references each policy selects, by its place. */
  readonly byPolicy: readonly (readonly string[])[];
}

export interface PlacedRecord {
  readonly record: BuildRecord;
  /** Place of its commit in the graph. */
  readonly commit: number;
}

/**
 * What the history policies keep: for every selected reference and every image the stages whose newest reached
 * commit counts.
 *
 * `last` counts distinct commits, so two stages of one image on one commit are both kept. A tag looks at its own
 * commit only. Commits with the same date count in the order of the history, children first.
 *
 * @param records Of stages that exist, of image names that are known.
 */
export function judgeHistory(
  records: readonly BuildRecord[],
  history: History,
  policies: readonly KeepPolicy[],
  nowMs: number,
): HistoryVerdict {
  const { graph } = history;
  const { selected, byPolicy } = selectReferences(policies, history.references, nowMs);
  const images = recordsByImage(records, graph);
  const kept = new Map<string, HistoryEvidence[]>();
  const serving = new Set<string>();

  const keep = (reference: SelectedReference, found: PlacedRecord): void => {
    const { stageId, commit, image, tag } = found.record;
    serving.add(tag);
    const evidence = kept.get(stageId) ?? [];
    if (evidence.length === 0) kept.set(stageId, evidence);
    const { kind, name } = reference.reference;
    evidence.push({ policy: reference.policy, reference: `${kind} ${name}`, commit, image });
  };

  const judged = selected.filter(({ images: { last } }) => last !== 0);
  for (const { reference, reaches } of eachReference(judged, graph)) {
    const ageOf = (place: number): number => nowMs - (graph.times[place] ?? 0) * 1000;
    for (const newestFirst of images.values()) {
      for (const found of newestStages(newestFirst, reaches, reference.images, ageOf)) {
        keep(reference, found);
      }
    }
  }
  return { kept, serving, byPolicy };
}

/** Records of commits that exist, newest commit first, by image. */
export function recordsByImage(
  records: readonly BuildRecord[],
  graph: CommitGraph,
): Map<string, PlacedRecord[]> {
  const images = new Map<string, PlacedRecord[]>();
  for (const record of records) {
    const commit = graph.indexOf(record.commit);
    if (commit < 0) continue;
    const placed = images.get(record.image);
    if (placed === undefined) images.set(record.image, [{ record, commit }]);
    else placed.push({ record, commit });
  }
  const time = ({ commit }: PlacedRecord): number => graph.times[commit] ?? 0;
  for (const placed of images.values()) {
    placed.sort((a, b) => time(b) - time(a) || a.commit - b.commit);
  }
  return images;
}

/** Every reference with a test of which commits it reaches; branches by passes of 32. */
export function* eachReference<Referring extends Pick<SelectedReference, "reference">>(
  references: readonly Referring[],
  graph: CommitGraph,
): Generator<{ reference: Referring; reaches: (commit: number) => boolean }> {
  for (const reference of references) {
    if (reference.reference.kind !== "tag") continue;
    const tip = graph.indexOf(reference.reference.commit);
    yield { reference, reaches: (commit) => commit === tip };
  }
  const branches = references.filter(({ reference }) => reference.kind === "branch");
  for (let from = 0; from < branches.length; from += TIPS_PER_PASS) {
    const pass = branches.slice(from, from + TIPS_PER_PASS);
    const masks = reachMasks(
      graph,
      pass.map(({ reference }) => graph.indexOf(reference.commit)),
    );
    for (const [bit, reference] of pass.entries()) {
      yield { reference, reaches: (commit) => ((masks[commit] ?? 0) & (1 << bit)) !== 0 };
    }
  }
}

/**
 * The record of each stage's newest reached commit, as far as the limit goes. Rank and age only grow, so the first
 * that does not count ends it.
 */
function* newestStages(
  newestFirst: readonly PlacedRecord[],
  reaches: (commit: number) => boolean,
  limit: Limit,
  ageOf: (commit: number) => number,
): Generator<PlacedRecord> {
  const seen = new Set<string>();
  let rank = -1;
  let lastCommit = -1;
  for (const placed of newestFirst) {
    if (!reaches(placed.commit) || seen.has(placed.record.stageId)) continue;
    seen.add(placed.record.stageId);
    if (placed.commit !== lastCommit) {
      lastCommit = placed.commit;
      rank += 1;
    }
    if (!isWithin(limit, rank, ageOf(placed.commit))) return;
    yield placed;
  }
}
