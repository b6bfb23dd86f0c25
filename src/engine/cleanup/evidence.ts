import type { HistoryEvidence } from "./git-policy.ts";
import type { Reason } from "./reason.ts";

/** Most references named as evidence for one image; the rest are counted. */
const MAX_EVIDENCE = 8;

/** The history's evidence as reasons. `nameOf` turns what tells images apart into their names. */
export function historyReasons(
  evidence: readonly HistoryEvidence[],
  nameOf: (image: string) => string,
): Reason[] {
  const named = evidence.slice(0, MAX_EVIDENCE).map((found): Reason => ({
    kind: "git-policy",
    ...found,
    image: nameOf(found.image),
  }));
  const more = evidence.length - named.length;
  return more > 0 ? [...named, { kind: "git-policy-more", count: more }] : named;
}
