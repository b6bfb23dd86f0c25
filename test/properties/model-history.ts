import { limitMs } from "./ask.ts";
import type { Ask, Commit, Git, Reference } from "./ask.ts";
import type { LimitSpec, PolicySpec } from "./spec.ts";

export interface ModelRecord {
  readonly tag: string;
  readonly image: string;
  readonly commit: string;
  readonly stage: string;
}

/** Records that serve a reference: the stages they name are kept by the history. */
export function servingRecords(records: readonly ModelRecord[], { git, now }: Ask): Set<string> {
  const serving = new Set<string>();
  if (git === undefined) return serving;
  for (const reference of git.references) {
    const policy = policyOf(reference, git, now);
    if (policy === undefined || policy.images.last === 0) continue;
    const commits = reachedBy(reference, git);
    for (const image of new Set(records.map((record) => record.image))) {
      const known = records.filter(
        (record) => record.image === image && commits.some(({ id }) => id === record.commit),
      );
      for (const { tag } of chosen(known, commits, policy.images, now)) serving.add(tag);
    }
  }
  return serving;
}

/** The last policy that selects a reference. */
function policyOf(reference: Reference, git: Git, now: number): PolicySpec | undefined {
  return git.policies.findLast((policy) => {
    const matching = git.references.filter(
      ({ kind, name }) => kind === policy.kind && new RegExp(policy.names).test(name),
    );
    if (!matching.includes(reference)) return false;
    const newer = matching.filter(
      ({ time, name }) =>
        time > reference.time || (time === reference.time && name < reference.name),
    );
    return isInside(policy.references, newer.length, now - reference.time * 1000);
  });
}

/** A branch: its tip and everything behind it. A tag: its commit. In the order of the history. */
function reachedBy({ kind, commit }: Reference, { commits }: Git): Commit[] {
  const found = new Set<string>();
  const visit = (id: string): void => {
    const known = commits.find((candidate) => candidate.id === id);
    if (known === undefined || found.has(id)) return;
    found.add(id);
    if (kind === "branch") for (const parent of known.parents) visit(parent);
  };
  visit(commit);
  return commits.filter(({ id }) => found.has(id));
}

/** Each stage counts by its newest reached commit; the limit counts distinct commits. */
function chosen(
  records: readonly ModelRecord[],
  commits: readonly Commit[],
  limit: LimitSpec,
  now: number,
): ModelRecord[] {
  const newestFirst = commits.toSorted((a, b) => b.time - a.time);
  const place = ({ commit }: ModelRecord): number =>
    newestFirst.findIndex(({ id }) => id === commit);
  const newest = records.filter(
    (record) =>
      !records.some((other) => other.stage === record.stage && place(other) < place(record)),
  );
  const counted = [...new Set(newest.map(place))].toSorted((a, b) => a - b);
  return newest.filter((record) => {
    const time = newestFirst[place(record)]?.time ?? 0;
    return isInside(limit, counted.indexOf(place(record)), now - time * 1000);
  });
}

function isInside(limit: LimitSpec, newer: number, age: number): boolean {
  const { last, operator } = limit;
  const window = limitMs(limit);
  const answers = [
    ...(last === undefined ? [] : [last < 0 || newer < last]),
    ...(window === undefined ? [] : [age <= window]),
  ];
  if (answers.length === 0) return true;
  return operator === "Or" ? answers.includes(true) : !answers.includes(false);
}
