import { SEVERITIES } from "./audit.ts";
import type { Finding } from "./audit.ts";
import { AUDIT_RULES } from "./rules.ts";

/** The most severe first, then as the rules stand, then by repository and subject. */
export function orderFindings(findings: readonly Finding[]): readonly Finding[] {
  const places = new Map(AUDIT_RULES.map(({ id }, place) => [id, place]));
  return findings.toSorted(
    (a, b) =>
      SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) ||
      (places.get(a.rule) ?? 0) - (places.get(b.rule) ?? 0) ||
      compare(a.repository, b.repository) ||
      compare(a.subject ?? "", b.subject ?? ""),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
