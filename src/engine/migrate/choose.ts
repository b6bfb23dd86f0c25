import type { Digest } from "../../oci/digest.ts";
import { stageRelations } from "../../stages/labels.ts";
import type { InventoryTag, Need } from "../cleanup/inventory.ts";
import type { TagLabel } from "../cleanup/plan.ts";
import { ageOf } from "./age.ts";
import { createImageNames } from "./image-names.ts";
import { matchesAny } from "./pattern.ts";
import type { SelectionInput } from "./select.ts";

export interface Choice {
  readonly chosen: ReadonlySet<string>;
  readonly needs: readonly Need[];
}

/**
 * Chooses tags by name, image and age, and what belongs to them: what a stage was made of, its children, its custom tags
 * and all its records.
 */
export function chooseTags(input: SelectionInput, labels: ReadonlyMap<string, TagLabel>): Choice {
  const { tags, catalog, facts, wanted, now } = input;
  const names = createImageNames(input);
  const chosen = new Set<string>();
  const needs = new Map<Digest, boolean>();
  const need = (digest: Digest): void => void needs.set(digest, true);
  const queue: string[] = [];

  for (const entry of tags) {
    const label = labels.get(entry.tag);
    if (label !== undefined && isOwnChoice(label) && passes(entry, label)) choose(entry.tag);
  }
  for (let tag = queue.pop(); tag !== undefined; tag = queue.pop()) follow(tag);
  const images = new Set([...chosen].flatMap((tag) => [...(names.hashesOf(tag) ?? [])]));
  for (const entry of tags) if (isAbout(entry)) chosen.add(entry.tag);
  return { chosen, needs: [...needs].map(([digest, config]) => ({ digest, config })) };

  function choose(tag: string): void {
    if (chosen.has(tag) || !catalog.tags.has(tag)) return;
    chosen.add(tag);
    queue.push(tag);
  }

  function passes(entry: InventoryTag, label: TagLabel): boolean {
    if (wanted.tags !== undefined && !matchesAny(wanted.tags, entry.tag)) return false;
    // A custom tag has no image and no age of its own: it comes with its stage.
    if (label === "custom-tag") return wanted.images === undefined && !asksForAge();
    if (wanted.images !== undefined && !names.isOf(entry, label, wanted.images)) return false;
    if (!asksForAge()) return true;
    const madeAt = ageOf(entry, catalog, facts, need);
    if (madeAt === undefined) return true;
    const age = now - madeAt;
    return age <= (wanted.youngerThanMs ?? age) && age >= (wanted.olderThanMs ?? age);
  }

  function asksForAge(): boolean {
    return wanted.youngerThanMs !== undefined || wanted.olderThanMs !== undefined;
  }

  function follow(tag: string): void {
    const alias = catalog.aliases.get(tag);
    if (alias !== undefined) choose(alias.stageId);
    const digest = catalog.stages.get(tag)?.digest;
    if (digest === undefined) return;
    for (const own of catalog.aliasesOf.get(tag) ?? []) choose(own.tag);
    const known = facts.get(digest);
    if (known === undefined || (known.kind === "image" && known.image === undefined)) {
      need(digest);
    } else if (known.kind === "index") {
      chooseBelow(digest);
    } else if (known.kind === "image" && typeof known.image === "object") {
      followRelations(known.image.labels);
    }
  }

  /** Builders find the children of an index by their own tags. */
  function chooseBelow(index: Digest): void {
    const below = new Set([index]);
    for (const digest of below) {
      for (const { tag } of catalog.byDigest.get(digest) ?? []) {
        if (catalog.stages.has(tag)) choose(tag);
      }
      const known = facts.get(digest);
      for (const child of known?.kind === "index" ? known.children : []) below.add(child.digest);
    }
  }

  function followRelations(labels: Readonly<Record<string, string>>): void {
    const { parents, importSources, dependencies, importChecksums } = stageRelations(labels);
    for (const id of [...parents, ...importSources, ...dependencies]) choose(id);
    for (const { checksum, sourceStageId } of catalog.imports.values()) {
      if (importChecksums.includes(checksum)) choose(sourceStageId);
    }
  }

  /** Whether it is a record about something that was chosen. */
  function isAbout({ tag, class: known }: InventoryTag): boolean {
    switch (known.kind) {
      case "rejected":
      case "image-metadata":
        return chosen.has(known.stageId);
      case "managed-image":
        return (
          images.has(names.hashOf(known.imageName)) ||
          (wanted.images !== undefined && matchesAny(wanted.images, known.imageName))
        );
      case "custom-tag-metadata":
        return chosen.has(catalog.aliasRecords.get(tag)?.stageId ?? "");
      case "import-metadata":
        return chosen.has(catalog.imports.get(tag)?.sourceStageId ?? "");
      case "stage":
      case "index":
      case "client-id":
      case "sync-server":
      case "last-cleanup":
      case "meta-repo-marker":
      case "journal":
      case "lease":
      case "signature":
      case "foreign":
        return false;
    }
  }
}

/** Classes of tags that are chosen for their own sake; records come with what they are about. */
function isOwnChoice(label: TagLabel): boolean {
  return ["stage", "index", "image", "foreign", "custom-tag"].includes(label);
}
