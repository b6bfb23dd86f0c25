import type { Digest } from "../../oci/digest.ts";
import { LABEL } from "../../stages/labels.ts";
import { customTagRecordTag } from "../../stages/tag.ts";
import type { CleanupInput, CustomTagRecord, Facts, InventoryTag, Need } from "./inventory.ts";
import { isOurIndex } from "./ours.ts";
import { claimTags } from "./rules/claim.ts";
import type { Claim } from "./rules/claim.ts";

/** The tags of a repository by what they are, once every index and every record has proved itself. */
export interface Catalog {
  readonly tags: ReadonlyMap<string, InventoryTag>;
  readonly byDigest: ReadonlyMap<Digest, readonly InventoryTag[]>;
  /** Stages and this project's indexes, by stage id. */
  readonly stages: ReadonlyMap<string, InventoryTag>;
  /** Stage ids with a rejected marker. */
  readonly rejected: ReadonlySet<string>;
  /** Custom tags and the records that tell of them. */
  readonly customTags: readonly CustomTag[];
  /** Custom tags by their own tag, and by the tag of their record. */
  readonly aliases: ReadonlyMap<string, CustomTag>;
  readonly aliasRecords: ReadonlyMap<string, CustomTag>;
  /** Custom tags by the stage their record names. */
  readonly aliasesOf: ReadonlyMap<string, readonly CustomTag[]>;
  /** Import records by their own tag. */
  readonly imports: ReadonlyMap<string, ImportRecord>;
  /** Signature tags by the digest they are about. */
  readonly referrers: ReadonlyMap<Digest, readonly InventoryTag[]>;
  /** Foreign tags that a rule claims. */
  readonly claims: ReadonlyMap<string, Claim>;
}

/** A custom tag as its record tells of it. */
export type CustomTag = CustomTagRecord;

export interface ImportRecord {
  readonly record: string;
  readonly sourceStageId: string;
  readonly checksum: string;
}

/** As much of the input as tells what tags are. */
export type CatalogInput = Pick<
  CleanupInput,
  "tags" | "project" | "primary" | "rules" | "repository"
>;

/** Sorts the tags, or says what has to be read first. In a copy the records of the primary tell of custom tags too. */
export function catalogTags(
  input: CatalogInput,
  facts: ReadonlyMap<Digest, Facts>,
): Catalog | { readonly needs: readonly Need[] } {
  const { tags, project, primary } = input;
  const byDigest = groupByDigest(tags);
  const needs: Need[] = [];
  const stages = new Map<string, InventoryTag>();
  const rejected = new Set<string>();
  const customTags: CustomTag[] = [...(primary?.customTags ?? [])];
  const imports = new Map<string, ImportRecord>();
  const referrers = new Map<Digest, InventoryTag[]>();

  for (const entry of tags) {
    switch (entry.class.kind) {
      case "stage":
        stages.set(entry.tag, entry);
        break;
      case "index":
        if (isOurIndex(entry.digest, { byDigest, facts, project, needs }, entry.mediaType)) {
          stages.set(entry.tag, entry);
        }
        break;
      case "rejected":
        rejected.add(entry.class.stageId);
        break;
      case "signature":
        append(referrers, entry.class.subject, entry);
        break;
      case "custom-tag-metadata": {
        const labels = recordLabels(entry, facts, needs);
        const { [LABEL.customTag]: tag, [LABEL.customTagStage]: stageId } = labels ?? {};
        if (tag !== undefined && stageId !== undefined) {
          customTags.push({ record: entry.tag, tag, stageId });
        }
        break;
      }
      case "import-metadata": {
        const labels = recordLabels(entry, facts, needs);
        const { [LABEL.importRecordStage]: sourceStageId, [LABEL.importRecordChecksum]: checksum } =
          labels ?? {};
        if (sourceStageId !== undefined && checksum !== undefined) {
          imports.set(entry.tag, { record: entry.tag, sourceStageId, checksum });
        }
        break;
      }
      case "image-metadata":
      case "managed-image":
      case "client-id":
      case "sync-server":
      case "last-cleanup":
      case "meta-repo-marker":
      case "journal":
      case "lease":
      case "foreign":
        break;
    }
  }
  if (needs.length > 0) return { needs };
  const named = new Map(tags.map((entry) => [entry.tag, entry]));
  const aliases = new Map(customTags.map((alias) => [alias.tag, alias]));
  const aliasRecords = new Map(customTags.map((alias) => [alias.record, alias]));
  const hasCustomTags = tags.some(({ class: { kind } }) => kind === "custom-tag-metadata");
  const isCustomTag = (tag: string): boolean =>
    aliases.has(tag) || (hasCustomTags && named.has(customTagRecordTag(tag)));
  return {
    tags: named,
    byDigest,
    stages,
    rejected,
    customTags,
    aliases,
    aliasRecords,
    aliasesOf: Map.groupBy(customTags, ({ stageId }) => stageId),
    imports,
    referrers,
    claims: claimTags(input, isCustomTag),
  };
}

/** A record's labels; `undefined` while they have to be read, and for good when they cannot be. */
function recordLabels(
  { digest }: InventoryTag,
  facts: ReadonlyMap<Digest, Facts>,
  needs: Need[],
): Readonly<Record<string, string>> | undefined {
  if (digest === undefined) return undefined;
  const known = facts.get(digest);
  if (known === undefined || (known.kind === "image" && known.image === undefined)) {
    needs.push({ digest, config: true });
    return undefined;
  }
  if (known.kind !== "image" || known.image === "unreadable") return undefined;
  return known.image?.labels;
}

function groupByDigest(tags: readonly InventoryTag[]): Map<Digest, InventoryTag[]> {
  const groups = new Map<Digest, InventoryTag[]>();
  for (const entry of tags) {
    if (entry.digest !== undefined) append(groups, entry.digest, entry);
  }
  return groups;
}

function append<Key, Value>(groups: Map<Key, Value[]>, key: Key, value: Value): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [value]);
  else group.push(value);
}
