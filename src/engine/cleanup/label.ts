import type { Catalog } from "./catalog.ts";
import type { InventoryTag } from "./inventory.ts";
import type { TagLabel } from "./plan.ts";

/** What a tag is, in words of the report. */
export function labelOf({ tag, class: { kind } }: InventoryTag, catalog: Catalog): TagLabel {
  if (kind === "index") return catalog.stages.has(tag) ? "index" : "foreign";
  if (kind !== "foreign") return kind;
  if (catalog.claims.has(tag)) return "image";
  return catalog.aliases.has(tag) ? "custom-tag" : "foreign";
}
