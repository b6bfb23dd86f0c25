import { imageOf } from "./content.ts";
import type { Content } from "./content.ts";
import type { RepositoryModel } from "./model.ts";
import type { CopiesSpec } from "./scenario.ts";

/** What a scenario declares in another repository of the project. */
export interface CopiesModel extends Pick<RepositoryModel, "tags" | "untagged" | "tagsOf"> {
  /** Not ours, so it stays. */
  readonly foreign: readonly string[];
}

/** Builds the content of a repository that holds copies of what the primary one has. */
export function modelCopies(
  { copies, customTags = {}, foreign = [] }: CopiesSpec,
  primary: RepositoryModel,
): CopiesModel {
  const tagsOf = (id: string): string[] =>
    id.startsWith("tag:") ? [id.slice("tag:".length)] : [...primary.tagsOf(id)];
  const tags = new Map<string, Content>();
  for (const id of copies) {
    for (const tag of tagsOf(id)) tags.set(tag, primary.contentOf(id));
  }
  for (const [tag, id] of Object.entries(customTags)) tags.set(tag, primary.contentOf(id));
  for (const tag of foreign) tags.set(tag, foreignImage(tag));
  return { tags, untagged: [], tagsOf, foreign };
}

function foreignImage(tag: string): Content {
  const created = "2020-01-01T00:00:00Z";
  return imageOf({ media: "docker", created, labels: {}, layer: `foreign ${tag}` });
}
