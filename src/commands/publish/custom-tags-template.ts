import { isTag } from "../../oci/reference.ts";
import { sha3Hash } from "../../stages/hash.ts";
import { whyReserved } from "../../stages/reserved-tag.ts";
import { slugify, tagSlug } from "../../stages/slug.ts";
import { customTagRecordTag, stageTag } from "../../stages/tag.ts";
import { UsageError } from "../error.ts";

/** A tag of a person's choice, with what stands for the image in it. */
export interface CustomTagTemplate {
  /** As written. */
  readonly text: string;
  /**
   * The tag of one image.
   *
   * @param image Its name; empty for the nameless image.
   * @param contentTag The tag of its stage or index.
   */
  tagOf(image: string, contentTag: string): string;
}

/** Source: werf 2, `--add-custom-tag`. */
const SHORTCUTS: ReadonlyMap<string, (image: string, contentTag: string) => string> = new Map([
  ["image", (image: string) => image],
  ["image_slug", (image: string) => slugify(image)],
  ["image_safe_slug", (image: string) => tagSlug(image)],
  ["image_content_based_tag", (_: string, contentTag: string) => contentTag],
]);

/** Reads a template of a custom tag. Throws `UsageError` that names it. */
export function parseCustomTag(text: string): CustomTagTemplate {
  const parts = text.split("%");
  if (parts.length % 2 === 0) {
    throw new UsageError(
      `--add-custom-tag ${text}: a % stands alone; the shortcuts are ${SHORTCUT_LIST}`,
    );
  }
  const pieces = parts.map((part, place) => {
    if (place % 2 === 0) return () => part;
    const shortcut = SHORTCUTS.get(part.trim());
    if (shortcut !== undefined) return shortcut;
    throw new UsageError(
      `--add-custom-tag ${text}: nobody knows %${part}%; the shortcuts are ${SHORTCUT_LIST}`,
    );
  });
  return {
    text,
    tagOf: (image, contentTag) => pieces.map((piece) => piece(image, contentTag)).join(""),
  };
}

/** The custom tag of an image, as far as it is known before the image is published. */
export interface PlannedTag {
  readonly image: string;
  readonly template: CustomTagTemplate;
  /** Absent: the content decides. */
  readonly tag?: string;
}

/**
 * Plans the custom tags of images: every template for every image. Throws `UsageError` where one would be no tag, would be
 * taken for something else, or where two images would have the same.
 *
 * @param images Names; only those that may have custom tags.
 */
export function planCustomTags(
  templates: readonly CustomTagTemplate[],
  images: readonly string[],
): PlannedTag[] {
  const owners = new Map<string, { readonly image: string; readonly tag: string }>();
  const planned = new Map<string, PlannedTag>();
  for (const template of templates) {
    for (const image of images) {
      const [asStage, asIndex] = contentTags(image).map((tag) => template.tagOf(image, tag));
      if (asStage === undefined || asIndex === undefined) continue;
      for (const tag of [asStage, asIndex]) refuseImproper(tag, template, image);
      const key = customTagRecordTag(asStage);
      const owner = owners.get(key) ?? { image, tag: asStage };
      owners.set(key, owner);
      if (owner.image !== image || owner.tag !== asStage) {
        throw new UsageError(collision(template, owner, { image, tag: asStage }));
      }
      planned.set(asStage, { image, template, ...(asStage === asIndex ? { tag: asStage } : {}) });
    }
  }
  return [...planned.values()];
}

/** What stands for the content of an image that has none yet: a tag like a stage's, and one like an index's. */
function contentTags(image: string): readonly string[] {
  const digest = sha3Hash("content of", image);
  return [stageTag(digest, 1_000_000_000_000), digest];
}

function refuseImproper(tag: string, { text }: CustomTagTemplate, image: string): void {
  const where = `--add-custom-tag ${text}, image ${nameOf(image)}`;
  if (!isTag(tag)) {
    throw new UsageError(
      `${where}: "${tag}" is no tag: letters, digits, _ . -, beginning with none of . -, at most 128; %image_safe_slug% always is one`,
    );
  }
  const why = whyReserved(tag);
  if (why !== undefined) throw new UsageError(`${where}: "${tag}" may not be chosen: ${why}`);
}

function collision(
  { text }: CustomTagTemplate,
  one: { readonly image: string; readonly tag: string },
  other: { readonly image: string; readonly tag: string },
): string {
  if (one.tag !== other.tag) {
    return `--add-custom-tag ${text}: "${one.tag}" and "${other.tag}" would share one record; choose another tag`;
  }
  return `--add-custom-tag ${text}: images ${nameOf(one.image)} and ${nameOf(other.image)} would both be "${one.tag}"; put %image_safe_slug% in it`;
}

/** How the nameless image is written. Source: werf, `managed-images ls`. */
function nameOf(image: string): string {
  return image === "" ? "~" : image;
}

const SHORTCUT_LIST = [...SHORTCUTS.keys()].map((name) => `%${name}%`).join(", ");
