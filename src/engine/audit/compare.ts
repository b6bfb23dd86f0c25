import type { TagLabel } from "../cleanup/plan.ts";
import type { AuditedRepository, AuditedTag, Comparison } from "./audit.ts";

/** What belongs to one repository and is nobody's loss in another. */
const ITS_OWN: ReadonlySet<TagLabel> = new Set([
  "client-id",
  "sync-server",
  "last-cleanup",
  "lease",
  "journal",
]);

/** Compares what the tags of two repositories lead to. A tag that leads to nothing is not there. */
export function compareRepositories(left: AuditedRepository, right: AuditedRepository): Comparison {
  const there = comparable(right);
  const missing: string[] = [];
  const diverged: { tag: string; left: Digest; right: Digest }[] = [];
  let same = 0;
  for (const [tag, digest] of comparable(left)) {
    const other = there.get(tag);
    there.delete(tag);
    if (other === undefined) missing.push(tag);
    else if (other === digest) same += 1;
    else diverged.push({ tag, left: digest, right: other });
  }
  return {
    left: left.repository,
    right: right.repository,
    missing,
    extra: [...there.keys()],
    diverged,
    same,
  };
}

type Digest = NonNullable<AuditedTag["digest"]>;

/** Sorted, as the tags of an audit are. */
function comparable({ tags }: AuditedRepository): Map<string, Digest> {
  return new Map(
    tags.flatMap(({ tag, digest, class: label }) =>
      digest === undefined || ITS_OWN.has(label) ? [] : [[tag, digest] as const],
    ),
  );
}
