import { isDigest } from "../../../oci/digest.ts";
import type { Digest } from "../../../oci/digest.ts";
import type { Reason, ReasonKind } from "../../cleanup/reason.ts";
import type { UsedImage } from "../../cleanup/usage.ts";
import type { Ground, Verdict } from "../ground.ts";
import { count } from "./draft.ts";
import type { Draft } from "./draft.ts";

/** Reasons that somebody laid down. */
const BY_POLICY: ReadonlySet<ReasonKind> = new Set([
  "git-policy",
  "git-policy-more",
  "keep-list",
  "rule",
  "primary",
]);

/** Reasons by which something stays because something else does. */
const FOR_ANOTHER: ReadonlySet<ReasonKind> = new Set([
  "index-child",
  "ancestor",
  "import-source",
  "dependency",
  "subject",
  "referrer",
  "custom-tag",
]);

/**
 * Images that run somewhere and that nothing keeps but that. What a policy keeps something by keeps it too. Nothing is told
 * where there is no policy at all, nor of what is not the project's.
 */
export function findUnprotected(
  ground: Pick<Ground, "input" | "catalog">,
  verdicts: ReadonlyMap<string, Verdict>,
): readonly Draft[] {
  const { input, catalog } = ground;
  const hasPolicy =
    input.history !== undefined ||
    input.primary !== undefined ||
    input.keepList.size > 0 ||
    (input.rules ?? []).length > 0;
  if (!hasPolicy) return [];
  const safe = findProtected(ground, verdicts);
  const seen = new Set<Digest>();
  const drafts: Draft[] = [];
  for (const [tag, verdict] of verdicts) {
    if (verdict.verdict !== "kept" || verdict.class === "foreign") continue;
    const [first, ...others] = verdict.reasons.filter((reason) => reason.kind === "in-use");
    if (first === undefined || verdict.digest === undefined || seen.has(verdict.digest)) continue;
    const siblings = catalog.byDigest.get(verdict.digest)?.map((entry) => entry.tag) ?? [tag];
    seen.add(verdict.digest);
    if (siblings.some((sibling) => safe.has(sibling))) continue;
    const stage = siblings.find((sibling) => catalog.stages.has(sibling)) ?? tag;
    const more = others.length + hiddenUses(verdict.reasons);
    drafts.push({
      rule: "in-use-unprotected",
      subject: stage,
      message: `${describeUses(first, more)} ${stage}, and no policy keeps it.`,
    });
  }
  return drafts;
}

/** What a policy keeps, and what is kept because of that. */
function findProtected(
  { catalog }: Pick<Ground, "catalog">,
  verdicts: ReadonlyMap<string, Verdict>,
): ReadonlySet<string> {
  const keeps = new Set<string>();
  const needs = new Map<string, string[]>();
  for (const [tag, verdict] of verdicts) {
    for (const reason of verdict.verdict === "kept" ? verdict.reasons : []) {
      if (BY_POLICY.has(reason.kind)) keeps.add(tag);
      if (!("of" in reason) || !FOR_ANOTHER.has(reason.kind)) continue;
      for (const name of namesOf(reason.of)) {
        const needed = needs.get(name);
        if (needed === undefined) needs.set(name, [tag]);
        else needed.push(tag);
      }
    }
  }
  // A set yields what is added while it is read.
  for (const name of keeps) for (const needed of needs.get(name) ?? []) keeps.add(needed);
  return keeps;

  function namesOf(of: string): readonly string[] {
    return isDigest(of) ? (catalog.byDigest.get(of)?.map(({ tag }) => tag) ?? []) : [of];
  }
}

function hiddenUses(reasons: readonly Reason[]): number {
  return reasons.reduce((sum, one) => (one.kind === "in-use-more" ? sum + one.count : sum), 0);
}

/** `Deployment/web (namespace shop, cluster prod) and 2 other places run`. */
export function describeUses(
  { object, namespace, cluster }: Pick<UsedImage, "object" | "namespace" | "cluster">,
  more: number,
): string {
  const where = namespace === "" ? "" : `namespace ${namespace}, `;
  const also = more === 0 ? " runs" : ` and ${count(more, "other place")} run`;
  return `${object} (${where}cluster ${cluster})${also}`;
}
