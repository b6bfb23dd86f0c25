import { isTag } from "../../oci/reference.ts";
import type { Namespace, Repository } from "../../oci/reference.ts";
import { imageReference } from "../../stages/images-repo.ts";
import { classifyTag } from "../../stages/tag.ts";
import type { TagLabel } from "../cleanup/plan.ts";

/** How the tags of one repository of the source are named in the target. */
export type Naming =
  /** Every tag keeps its name. */
  | { readonly kind: "same"; readonly to: Repository }
  /** A tag of an image gets the name of the image in front. Source: werf 1.1, "monorepo". */
  | { readonly kind: "join"; readonly to: Repository; readonly image: string }
  /** What `join` does, undone: each image has a repository below the namespace, the rest is the namespace's own. */
  | { readonly kind: "split"; readonly to: Namespace; readonly images: readonly string[] };

/** Where a tag goes. */
export interface Place {
  readonly repository: Repository;
  readonly tag: string;
  /** The image that the tag is of, where its name tells. */
  readonly image?: string;
}

/** Classes that people name after images. All other tags keep their names: readers find them by nothing else. */
const OF_IMAGES: ReadonlySet<TagLabel> = new Set(["image", "foreign"]);

/** Where a tag goes, or the rule by which it cannot go anywhere. */
export function placeTag(
  tag: string,
  label: TagLabel,
  naming: Naming,
): Place | { readonly rule: string } {
  const place = findPlace(tag, label, naming);
  if ("rule" in place) return place;
  if (!isTag(place.tag)) return { rule: `"${place.tag}" is no tag` };
  if (place.tag !== tag && classifyTag(place.tag).kind !== "foreign") {
    return { rule: `readers of the target would take "${place.tag}" for a stage or a record` };
  }
  return place;
}

function findPlace(
  tag: string,
  label: TagLabel,
  naming: Naming,
): Place | { readonly rule: string } {
  const isOfImage = OF_IMAGES.has(label);
  if (naming.kind === "same") return { repository: naming.to, tag };
  if (naming.kind === "join") {
    if (!isOfImage || naming.image === "") return { repository: naming.to, tag };
    const repo = { address: naming.to, kind: "repository", mode: "monorepo" } as const;
    const { tag: joined } = imageReference(repo, naming.image, tag, { nested: true });
    return { repository: naming.to, tag: joined, image: naming.image };
  }
  const image = isOfImage ? findImage(tag, naming.images) : undefined;
  if (image === undefined) return itself(tag, naming.to);
  const { host, name } = naming.to;
  return {
    repository: { host, name: name === "" ? image : `${name}/${image}` },
    tag: tag.slice(image.length + 1),
    image,
  };
}

function itself(tag: string, namespace: Namespace): Place | { readonly rule: string } {
  if (namespace.name !== "") return { repository: namespace, tag };
  return { rule: "no image is known that it belongs to, and a whole registry is no repository" };
}

/** The longest name that a tag begins with, before a dash. */
export function findImage(tag: string, images: readonly string[]): string | undefined {
  let longest: string | undefined;
  for (const image of images) {
    const isLonger = longest === undefined || image.length > longest.length;
    if (isLonger && tag.startsWith(`${image}-`) && tag.length > image.length + 1) longest = image;
  }
  return longest;
}

/**
 * Where a repository at or below a namespace goes: its path below it, put below another one. `undefined` when that would
 * be a whole registry.
 */
export function pathBelow(repository: Repository, namespace: Namespace): string {
  if (repository.name === namespace.name) return "";
  return namespace.name === "" ? repository.name : repository.name.slice(namespace.name.length + 1);
}

export function below(namespace: Namespace, path: string): Repository | undefined {
  const { host, name } = namespace;
  const joined = [name, path].filter((part) => part !== "").join("/");
  return joined === "" ? undefined : { host, name: joined };
}
