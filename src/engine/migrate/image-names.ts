import { murmurHash } from "../../stages/hash.ts";
import { managedImageId, managedImageName } from "../../stages/slug.ts";
import type { InventoryTag } from "../cleanup/inventory.ts";
import type { TagLabel } from "../cleanup/plan.ts";
import { matchesAny } from "./pattern.ts";
import type { SelectionInput } from "./select.ts";

/** Which images tags are of. */
export interface ImageNames {
  /** Hashes of the names of images that a stage was recorded for; `undefined`: none. */
  hashesOf(stageId: string): ReadonlySet<string> | undefined;
  hashOf(imageName: string): string;
  isOf(entry: InventoryTag, label: TagLabel, patterns: readonly string[]): boolean;
}

/** Records name images by a hash; the records of names tell what it is of. */
export function createImageNames({ tags, catalog, imageOf }: SelectionInput): ImageNames {
  const known = new Map<string, string>();
  const stages = new Map<string, Set<string>>();
  for (const { class: tag } of tags) {
    if (tag.kind === "managed-image") known.set(murmurHash(tag.imageName), tag.imageName);
    if (tag.kind !== "image-metadata") continue;
    const hashes = stages.get(tag.stageId) ?? new Set();
    hashes.add(tag.nameHash);
    stages.set(tag.stageId, hashes);
  }
  return {
    hashesOf: (stageId) => stages.get(stageId),
    hashOf: murmurHash,
    isOf({ tag }, label, patterns) {
      if (label === "stage" || label === "index") {
        return [...(stages.get(tag) ?? [])].some((hash) => isHashOf(hash, patterns));
      }
      const image = catalog.claims.get(tag)?.image ?? imageOf(tag);
      return image !== undefined && matchesAny(patterns, image);
    },
  };

  /** A name that is spelled out needs no record of it. */
  function isHashOf(hash: string, patterns: readonly string[]): boolean {
    const name = known.get(hash);
    if (name !== undefined && matchesAny(patterns, name)) return true;
    return patterns.some((pattern) => recordedHash(pattern) === hash);
  }
}

function recordedHash(imageName: string): string {
  return murmurHash(managedImageName(managedImageId(imageName)));
}
