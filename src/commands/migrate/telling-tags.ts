import { classifyTag } from "../../stages/tag.ts";
import type { TagClass } from "../../stages/tag.ts";

/** Classes whose configs name the project, those that cost least first. */
const TELLING: readonly TagClass["kind"][] = [
  "managed-image",
  "image-metadata",
  "custom-tag-metadata",
  "stage",
];

/**
 * Tags whose configs name the project, one of each class that does, those that cost least first. Whatever the order of a
 * listing, on either side, they are the same ones: what one run read of them, the next has in its cache.
 */
export function tellingTags(tags: Iterable<string>): readonly string[] {
  const firsts = new Map<TagClass["kind"], string>();
  for (const tag of tags) {
    const { kind } = classifyTag(tag);
    const first = firsts.get(kind);
    if (first === undefined || tag < first) firsts.set(kind, tag);
  }
  return TELLING.flatMap((kind) => firsts.get(kind) ?? []);
}
