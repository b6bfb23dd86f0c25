import type { Ground, Verdict } from "../ground.ts";
import { nameFew, shortCommit } from "./draft.ts";
import type { Draft } from "./draft.ts";

/** Stages and claimed images that were built from commits which no reference reaches. One finding for each of them. */
export function findUnknownCommits(
  { input, catalog }: Ground,
  verdicts: ReadonlyMap<string, Verdict>,
): readonly Draft[] {
  const { history } = input;
  if (history === undefined) return [];
  const commits = new Map<string, Set<string>>();
  for (const { class: known } of input.tags) {
    if (known.kind !== "image-metadata" || !catalog.stages.has(known.stageId)) continue;
    const all = commits.get(known.stageId) ?? new Set();
    commits.set(known.stageId, all.add(known.commit));
  }
  for (const [tag, { claim }] of verdicts) {
    if (claim !== undefined) commits.set(tag, new Set(claim.commits));
  }
  return [...commits].flatMap(([tag, all]): Draft[] => {
    const unknown = [...all].filter((commit) => history.graph.indexOf(commit) < 0).toSorted();
    if (unknown.length === 0) return [];
    const isBehind = history.mayBeBehind === true;
    const doubt = isBehind ? "; the remote was not asked" : "";
    const named = nameFew(unknown.map(shortCommit));
    const noun = unknown.length === 1 ? "commit" : "commits";
    const verb = all.size === 1 || unknown.length < all.size ? "" : "only ";
    return [
      {
        rule: "unknown-commit",
        ...(isBehind || unknown.length < all.size ? { severity: "note" } : {}),
        subject: tag,
        message: `${tag} was built ${verb}from ${noun} ${named}, which no branch and no tag reaches${doubt}.`,
      },
    ];
  });
}
