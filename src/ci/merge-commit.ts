/** The commit that is checked out, and its parents, the first one first. */
interface Head {
  readonly commit: string;
  readonly parents: readonly string[];
}

/**
 * The commit of a contributor's branch where a CI system checked out a merge that it made only to test it; `undefined`
 * where what is checked out is a commit like any other.
 *
 * No reference will ever reach such a merge: what is built from it belongs to the branch too. Sources: "Events that trigger
 * workflows", `pull_request`; "Merged results pipelines" and its predefined variables.
 */
export function mergedParent(
  { commit, parents }: Head,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const [, second] = parents;
  if (second === undefined || parents.length !== 2) return undefined;
  if (env["GITHUB_ACTIONS"] === "true") {
    const isMerge = /^refs\/pull\/[0-9]+\/merge$/.test(env["GITHUB_REF"] ?? "");
    return isMerge && env["GITHUB_SHA"] === commit ? second : undefined;
  }
  if (env["GITLAB_CI"] === "true") {
    const event = env["CI_MERGE_REQUEST_EVENT_TYPE"];
    const isMerge = event === "merged_result" || event === "merge_train";
    if (!isMerge || env["CI_COMMIT_SHA"] !== commit) return undefined;
    const source = env["CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"];
    return parents.find((parent) => parent === source) ?? second;
  }
  return undefined;
}
