import type { AuditedTag } from "../../engine/audit/audit.ts";
import { describeBecause, describeReason } from "../describe-reason.ts";

/** Why a tag would go, or who needs it: a sentence each. */
export function whyLines({ reasons, because }: AuditedTag): readonly string[] {
  return [
    ...(because === undefined ? [] : [describeBecause(because)]),
    ...reasons.map(describeReason),
  ];
}
