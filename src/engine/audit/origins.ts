import { murmurHash } from "../../stages/hash.ts";
import { LABEL, stageRelations } from "../../stages/labels.ts";
import type { InventoryTag } from "../cleanup/inventory.ts";
import { IMAGE_LABEL, detailsOf } from "./content.ts";
import type { Ground, Verdict } from "./ground.ts";
import { stageBehind, stagesOn } from "./stage-links.ts";

/** Where tags come from. */
export interface Origins {
  /** Name of the image; all of them, sorted, as `api, web`, where a stage is several images'. */
  imageOf(tag: string): string | undefined;
  /** Commits it was built from, in full where the history has them; sorted, each once. */
  commitsOf(tag: string): readonly string[];
}

const NONE: readonly string[] = [];

/** Hex digits of a whole commit id. */
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * Finds the image and the commits of every tag: by the records of stages, by the rule that claims a tag, by its labels. A
 * stage that others were made from is of their image; what is about a stage is of the stage's.
 */
export function findOrigins(
  ground: Pick<Ground, "input" | "catalog" | "contents" | "told">,
  verdicts: ReadonlyMap<string, Verdict>,
): Origins {
  const { input, catalog, contents, told: { tags: records, history } = input } = ground;
  const names = new Map<string, string>();
  const recorded = new Map<string, { images: Set<string>; commits: Set<string> }>();
  for (const { class: known } of records) {
    if (known.kind === "managed-image") names.set(murmurHash(known.imageName), known.imageName);
  }
  for (const { class: known } of records) {
    if (known.kind !== "image-metadata") continue;
    const entry = recorded.get(known.stageId) ?? { images: new Set(), commits: new Set() };
    recorded.set(known.stageId, entry);
    const name = names.get(known.nameHash);
    if (name !== undefined) entry.images.add(name);
    entry.commits.add(full(known.commit));
  }
  const stageImages = imagesOfStages();

  return {
    imageOf: (tag) => {
      const entry = catalog.tags.get(tag);
      return entry === undefined ? undefined : imageOf(entry);
    },
    commitsOf: (tag) => {
      const entry = catalog.tags.get(tag);
      return entry === undefined ? NONE : commitsOf(entry);
    },
  };

  function full(commit: string): string {
    const place = history?.graph.indexOf(commit) ?? -1;
    return place < 0 ? commit : (history?.graph.hexOf(place) ?? commit);
  }

  /** Of the stages with a record, and of those that they were made from. */
  function imagesOfStages(): ReadonlyMap<string, string> {
    const images = new Map<string, Set<string>>();
    const waiting: string[] = [];
    for (const [stageId, { images: known }] of recorded) {
      if (catalog.stages.has(stageId)) add(stageId, known);
    }
    for (let stageId = waiting.pop(); stageId !== undefined; stageId = waiting.pop()) {
      for (const below of madeFrom(stageId)) add(below, images.get(stageId) ?? new Set());
    }
    return new Map(
      [...images].map(([stageId, names]) => [stageId, [...names].toSorted().join(", ")]),
    );

    function add(stageId: string, more: ReadonlySet<string>): void {
      const known = images.get(stageId) ?? new Set();
      if (more.isSubsetOf(known)) return;
      images.set(stageId, known.union(more));
      waiting.push(stageId);
    }
  }

  /** Stages that a stage is made of: its ancestors, or the children of an index. */
  function madeFrom(stageId: string): readonly string[] {
    const digest = catalog.stages.get(stageId)?.digest;
    const content = digest === undefined ? undefined : contents.get(digest);
    if (content?.kind === "index") {
      return content.children.flatMap((child) => stagesOn(child.digest, catalog));
    }
    const labels = detailsOf(content)?.labels;
    return labels === undefined ? NONE : stageRelations(labels).parents;
  }

  function imageOf(entry: InventoryTag): string | undefined {
    const { tag, class: known } = entry;
    const claim = verdicts.get(tag)?.claim;
    if (claim !== undefined) return claim.image;
    if (known.kind === "managed-image") return known.imageName;
    if (known.kind === "image-metadata") return names.get(known.nameHash);
    const stageId = stageBehind(entry, catalog);
    if (stageId !== undefined) return stageImages.get(stageId);
    if (known.kind === "signature") {
      const [subject] = catalog.byDigest.get(known.subject) ?? [];
      return subject === undefined || subject.class.kind === "signature"
        ? undefined
        : imageOf(subject);
    }
    const title = known.kind === "foreign" ? labelsOf(entry)?.[IMAGE_LABEL.title] : undefined;
    return title === "" ? undefined : title;
  }

  function commitsOf(entry: InventoryTag): readonly string[] {
    const { tag, class: known } = entry;
    const claim = verdicts.get(tag)?.claim;
    if (claim !== undefined) return claim.commits.toSorted();
    if (known.kind === "image-metadata") return [full(known.commit)];
    const stageId = stageBehind(entry, catalog);
    const commits = stageId === undefined ? undefined : recorded.get(stageId)?.commits;
    if (commits !== undefined) return [...commits].toSorted();
    const label = known.kind === "stage" ? LABEL.commit : IMAGE_LABEL.revision;
    if (known.kind !== "stage" && known.kind !== "foreign") return NONE;
    const told = labelsOf(entry)?.[label];
    return told !== undefined && COMMIT.test(told) ? [full(told)] : NONE;
  }

  function labelsOf({ digest }: InventoryTag): Readonly<Record<string, string>> | undefined {
    return digest === undefined ? undefined : detailsOf(contents.get(digest))?.labels;
  }
}
