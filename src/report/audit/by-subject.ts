import type { Finding } from "../../engine/audit/audit.ts";

/** Findings that are about a tag or a digest, by `subjectKey`, in the order of the audit. */
export function findingsBySubject(
  findings: readonly Finding[],
): ReadonlyMap<string, readonly Finding[]> {
  const about = findings.filter(({ subject }) => subject !== undefined);
  return Map.groupBy(about, ({ repository, subject = "" }) => subjectKey(repository, subject));
}

/** @param subject A tag or a digest. */
export function subjectKey(repository: string, subject: string): string {
  return `${repository} ${subject}`;
}
