import type { Repository } from "../../oci/reference.ts";
import type { TagEntry } from "../../registry/registry.ts";
import { LABEL } from "../../stages/labels.ts";
import { classifyTag } from "../../stages/tag.ts";
import type { TagClass } from "../../stages/tag.ts";
import type { Home } from "../cleanup/homes.ts";
import type { CommandDeps } from "../deps.ts";
import { readFacts } from "../facts.ts";

/** Classes whose images name the project, those that always do first. */
const TELLING: readonly TagClass["kind"][] = ["managed-image", "image-metadata", "stage"];

/** How many of each class are asked. */
const MOST_ASKED = 3;

/** The project whose stages and records are in a repository: as they name it, else the last part of its name. */
export async function projectIn(
  { registry, repository }: Home,
  listing: readonly TagEntry[],
  { signal }: Pick<CommandDeps, "signal">,
): Promise<string> {
  for (const kind of TELLING) {
    const telling = listing.filter(({ tag }) => classifyTag(tag).kind === kind);
    for (const { tag } of telling.slice(0, MOST_ASKED)) {
      const project = await projectOf(tag);
      if (project !== undefined) return project;
    }
  }
  return lastPartOf(repository);

  async function projectOf(tag: string): Promise<string | undefined> {
    const { host, name } = repository;
    const found = await registry.resolve({ host, name, tag }, { signal });
    if (found === undefined) return undefined;
    const need = { digest: found.digest, config: true };
    const facts = await readFacts(registry, repository, need, { signal });
    if (facts.kind !== "image" || typeof facts.image !== "object") return undefined;
    return facts.image.labels[LABEL.project];
  }
}

function lastPartOf({ name }: Repository): string {
  return name.split("/").at(-1) ?? name;
}
