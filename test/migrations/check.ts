import type { RepositoryReading } from "../scenarios/backend.ts";
import type { Project } from "./project.ts";

/** What a target has to have. */
export interface Wanted {
  readonly foreign?: boolean;
  /** Whether the source told what refers to its manifests. */
  readonly referrers: boolean;
  /** Whether a run broke off, whose lease ends by itself. Default: no. */
  readonly leases?: boolean;
}

/** What is not in a target as it is to be, a line each. Nothing of the code under test takes part. */
export async function problemsIn(
  { digests, broken, holds }: RepositoryReading,
  project: Project,
  { foreign = false, referrers, leases = false }: Wanted,
): Promise<readonly string[]> {
  const wanted = new Map([...project.own, ...(foreign ? project.foreign : [])]);
  const problems = [...broken];
  for (const [tag, digest] of wanted) {
    const found = digests.get(tag);
    if (found !== digest) problems.push(`${tag} is ${found ?? "missing"}, not ${digest}`);
  }
  // Where a registry does not tell by itself what is about a manifest, a tag of that manifest does.
  const lists = [...project.referrers.keys()].map(listTagOf);
  for (const tag of digests.keys()) {
    const isLease = leases && tag.startsWith("tidemark-lease-");
    if (!wanted.has(tag) && !lists.includes(tag) && !isLease) problems.push(`${tag} is too much`);
  }
  for (const digest of referrers ? project.referrers.values() : []) {
    if (!(await holds(digest))) problems.push(`the referrer ${digest} is missing`);
  }
  return problems;
}

/** Source: distribution-spec 1.1, "Referrers Tag Schema". */
function listTagOf(digest: string): string {
  return digest.replace(":", "-");
}
