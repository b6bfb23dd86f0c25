import { formatRepository } from "../../oci/reference.ts";
import type { Catalog } from "./catalog.ts";
import type { CleanupInput } from "./inventory.ts";
import type { Reason } from "./reason.ts";

/** What the primary repository of a copy keeps: stages, and custom tags of stages that are not there under their own tag. */
export function copiesThatStay(
  { primary }: CleanupInput,
  { stages, customTags }: Catalog,
): { readonly tag: string; readonly reason: Reason }[] {
  if (primary === undefined) return [];
  const address = formatRepository(primary.repository);
  const staying = [
    ...stages.keys().map((stageId) => ({ tag: stageId, stageId })),
    ...customTags.filter(({ stageId }) => !stages.has(stageId)),
  ].filter(({ stageId }) => primary.stays.has(stageId));
  return staying.map(({ tag, stageId }) => ({
    tag,
    reason: { kind: "primary", of: `${address}:${stageId}` },
  }));
}
