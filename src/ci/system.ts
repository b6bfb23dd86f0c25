/** The CI system that runs this process, as far as its output differs. */
export type CiSystem = "github" | "gitlab";

/** Source: the default variables that each of them documents. */
export function ciSystemOf(
  env: Readonly<Record<string, string | undefined>>,
): CiSystem | undefined {
  if (env["GITHUB_ACTIONS"] === "true") return "github";
  if (env["GITLAB_CI"] === "true") return "gitlab";
  return undefined;
}
