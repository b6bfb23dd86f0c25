import { createHash } from "node:crypto";
import { HOUR_MS } from "./ask.ts";
import type { Commit, Git, Reference } from "./ask.ts";
import type { WorldSpec } from "./spec.ts";

/** The history of a specification, and the id behind a record's commit. */
export function gitOf(
  { commits: specs, branches, tags, policies }: WorldSpec,
  now: number,
): { readonly git: Git; readonly commitAt: (at: number | string) => string } {
  const seconds = (hoursAgo: number): number => Math.floor((now - hoursAgo * HOUR_MS) / 1000) - 60;
  const ids = specs.map((_, at) => hash(`commit ${at}`));
  // A parent stands behind its child, so that there is no circle.
  const commits = specs.map(({ hoursAgo, parents }, at): Commit => {
    const behind = ids.slice(at + 1);
    const chosen = parents.flatMap((parent) => behind[parent % behind.length] ?? []);
    return { id: ids[at] ?? "", time: seconds(hoursAgo), parents: [...new Set(chosen)] };
  });
  const timeOf = new Map(commits.map(({ id, time }) => [id, time]));
  const named = new Map<string, Reference>();
  for (const { name, commit: at } of branches) {
    const commit = ids[at % ids.length] ?? "";
    named.set(`branch ${name}`, { kind: "branch", name, commit, time: timeOf.get(commit) ?? 0 });
  }
  for (const { name, commit: at, hoursAgo } of tags) {
    const commit = ids[at % ids.length] ?? "";
    const time = hoursAgo === undefined ? (timeOf.get(commit) ?? 0) : seconds(hoursAgo);
    named.set(`tag ${name}`, { kind: "tag", name, commit, time });
  }
  const references = [...named.values()];
  const reached = new Set(references.map(({ commit }) => commit));
  for (const { id, parents } of commits) {
    if (reached.has(id)) for (const parent of parents) reached.add(parent);
  }
  return {
    git: { policies, references, commits: commits.filter(({ id }) => reached.has(id)) },
    commitAt: (at) =>
      typeof at === "string" ? hash(at) : (ids[at % ids.length] ?? hash("no commit")),
  };
}

function hash(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
