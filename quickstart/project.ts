import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** A commit of the example and how many days ago it was made. */
export interface ExampleCommit {
  readonly id: string;
  readonly branch: string;
  readonly daysAgo: number;
}

const DAY_SECONDS = 86_400;

const CONFIGURATION = `configVersion: 1
project: shop
cleanup:
  keepPolicies:
    # Releases: the image of each of the ten newest tags.
    - references: { tag: /v.*/, limit: { last: 10 } }
    # Work in progress: two images of every branch somebody touched this week.
    - references: { branch: /.*/, limit: { in: 168h } }
      imagesPerReference: { last: 2 }
    # The main branch: enough to roll back.
    - references: { branch: main }
      imagesPerReference: { last: 5 }
`;

/**
 * Makes a Git repository with two months of history: a main branch, a branch somebody works on, one that nobody has
 * touched for weeks, and two release tags.
 */
export function makeProject(dir: string, now: Date): readonly ExampleCommit[] {
  git(dir, ["init", "--quiet", "--initial-branch=main"]);
  writeFileSync(join(dir, "tidemark.yaml"), CONFIGURATION);
  git(dir, ["add", "tidemark.yaml"]);
  const commits: ExampleCommit[] = [];
  const commit = (branch: string, daysAgo: number, message: string): void => {
    const seconds = Math.floor(now.getTime() / 1000) - Math.round(daysAgo * DAY_SECONDS);
    git(dir, ["commit", "--quiet", "--allow-empty", "-m", message], `${seconds} +0000`);
    commits.push({ id: git(dir, ["rev-parse", "HEAD"]).trim(), branch, daysAgo });
  };
  for (let week = 0; week < 8; week += 1) {
    commit("main", 60 - week * 7, `Week ${week + 1}`);
    commit("main", 57 - week * 7, `Week ${week + 1}, mended`);
    if (week === 1) git(dir, ["tag", "v1.0"]);
    if (week === 4) git(dir, ["tag", "v1.1"]);
    if (week === 2) {
      git(dir, ["switch", "--quiet", "--create", "spike/search"]);
      commit("spike/search", 44, "Try another search");
      git(dir, ["switch", "--quiet", "main"]);
    }
  }
  git(dir, ["switch", "--quiet", "--create", "feature/login"]);
  for (const daysAgo of [3, 2, 1]) commit("feature/login", daysAgo, `Log in, day ${4 - daysAgo}`);
  git(dir, ["switch", "--quiet", "main"]);
  return commits;
}

function git(dir: string, words: readonly string[], date?: string): string {
  const identity = ["-c", "user.name=Quickstart", "-c", "user.email=quickstart@example.invalid"];
  const dates = date === undefined ? {} : { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
  return execFileSync("git", [...identity, "-c", "commit.gpgsign=false", ...words], {
    cwd: dir,
    encoding: "utf8",
    env: { ...process.env, ...dates },
  });
}
