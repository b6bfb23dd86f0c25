import type { Digest } from "../../oci/digest.ts";
import type { Catalog } from "../cleanup/catalog.ts";
import type { InventoryTag } from "../cleanup/inventory.ts";

/** Stages, and indexes of stages, that lead to a manifest. */
export function stagesOn(
  digest: Digest,
  { byDigest, stages }: Pick<Catalog, "byDigest" | "stages">,
): readonly string[] {
  const tags = byDigest.get(digest)?.map(({ tag }) => tag) ?? [];
  return tags.filter((tag) => stages.has(tag));
}

/** The stage that a tag is, or is about; it need not be there. `undefined`: it has to do with none. */
export function stageBehind(
  { tag, class: known }: InventoryTag,
  { stages, aliases, aliasRecords, imports }: Catalog,
): string | undefined {
  if (stages.has(tag)) return tag;
  if (known.kind === "rejected" || known.kind === "image-metadata") return known.stageId;
  const alias = aliases.get(tag) ?? aliasRecords.get(tag);
  return alias?.stageId ?? imports.get(tag)?.sourceStageId;
}
