import { murmurHash } from "../../stages/hash.ts";
import { classifyTag, managedImageTag, recordedCommit } from "../../stages/tag.ts";
import type { Digest } from "../../oci/digest.ts";
import type { CleanupInput, Facts, InventoryTag, Need } from "./inventory.ts";

/** The image names that the configuration at one reference defines. */
export interface Definition {
  /** `branch main`, `tag v1`. */
  readonly reference: string;
  readonly commit: string;
  readonly images:
    | { readonly kind: "names"; readonly names: ReadonlySet<string> }
    /** There is no configuration. */
    | { readonly kind: "none" }
    /** There is one, and what it defines cannot be told. */
    | { readonly kind: "unknown"; readonly why: string };
}

export interface RetirementInput extends Pick<CleanupInput, "tags" | "history" | "now"> {
  /** At every reference that a policy selects. */
  readonly definitions: readonly Definition[];
  /** How long after its last sign of life a name goes that nobody defines. Milliseconds. */
  readonly afterMs: number;
}

export interface Retirement {
  /** Murmur hashes of the names. */
  readonly retired: ReadonlySet<string>;
  /** Sentences for people: why names that nobody seems to define stay. */
  readonly warnings: readonly string[];
  /** What has to be read before there can be an answer. */
  readonly needs: readonly Need[];
}

/** Most references that one warning names. */
const MAX_NAMED = 3;

/**
 * Image names that no reference defines any more.
 *
 * A name goes when every configuration was read and none has it, and when nothing was built, pushed or recorded under it
 * for long enough. A reference whose configuration cannot be read keeps every name; so does one without a configuration
 * whose own commit has a record, since something was built from it. Where no reference defines any name, none goes.
 */
export function findRetired(input: RetirementInput, facts: ReadonlyMap<Digest, Facts>): Retirement {
  const { tags, definitions, afterMs, now, history } = input;
  const defined = definedTags(definitions);
  const names = tags.flatMap((entry) =>
    entry.class.kind === "managed-image" && !defined.has(entry.tag)
      ? [{ entry, hash: murmurHash(entry.class.imageName) }]
      : [],
  );
  if (names.length === 0 || definitions.length === 0) return NOTHING;
  const obstacles = obstaclesIn(input);
  if (history === undefined || obstacles.length > 0) return { ...NOTHING, warnings: obstacles };

  const signs = signsOfLife(input);
  const retired = new Set<string>();
  const needs: Need[] = [];
  for (const { entry, hash } of names) {
    const created = createdAt(entry, facts, needs);
    const last = Math.max(created ?? now, signs.get(hash) ?? 0, entry.pushedAt ?? 0);
    if (last < now - afterMs) retired.add(hash);
  }
  return needs.length > 0 ? { ...NOTHING, needs } : { retired, warnings: [], needs: [] };
}

const NOTHING: Retirement = { retired: new Set(), warnings: [], needs: [] };

/** Tags of the records of all defined names: a name that makes no tag is known by its slug alone. */
function definedTags(definitions: readonly Definition[]): ReadonlySet<string> {
  const defined = new Set<string>();
  for (const { images } of definitions) {
    if (images.kind !== "names") continue;
    for (const name of images.names) defined.add(managedImageTag(name));
  }
  return defined;
}

function obstaclesIn({ definitions, tags, history }: RetirementInput): string[] {
  if (history?.mayBeBehind === true) {
    return ["no image name is retired, since the remote was not asked for its references"];
  }
  const built = new Set(
    tags.flatMap(({ class: known }) =>
      known.kind === "image-metadata" ? [recordedCommit(known.commit)] : [],
    ),
  );
  const unread = definitions.flatMap(({ reference, commit, images }) => {
    if (images.kind === "unknown") return [`${reference}: ${images.why}`];
    const isLost = images.kind === "none" && built.has(recordedCommit(commit));
    return isLost ? [`${reference}: it has none, and images were built from it`] : [];
  });
  if (unread.length === 0) {
    // More likely it lies elsewhere than that a project with images has none any more.
    return definitions.some(definesAny) ? [] : [NONE_DEFINED];
  }
  const more = unread.length > MAX_NAMED ? `; and ${unread.length - MAX_NAMED} more` : "";
  return [
    `no image name is retired, since a configuration cannot be read (${unread.slice(0, MAX_NAMED).join("; ")}${more})`,
  ];
}

const NONE_DEFINED =
  "no image name is retired, since no reference has a configuration that defines any image; is it in another directory of the repository?";

function definesAny({ images }: Definition): boolean {
  return images.kind === "names" && images.names.size > 0;
}

/** When something was last built, pushed or recorded, by the hash of its image name. Milliseconds since the epoch. */
function signsOfLife({ tags, history }: RetirementInput): ReadonlyMap<string, number> {
  const signs = new Map<string, number>();
  for (const { class: known, pushedAt = 0 } of tags) {
    if (known.kind !== "image-metadata") continue;
    const commit = history?.graph.indexOf(known.commit) ?? -1;
    const committedAt = commit < 0 ? 0 : (history?.graph.times[commit] ?? 0) * 1000;
    const stage = classifyTag(known.stageId);
    const builtAt = stage.kind === "stage" ? stage.builtAt : 0;
    const last = Math.max(signs.get(known.nameHash) ?? 0, committedAt, builtAt, pushedAt);
    signs.set(known.nameHash, last);
  }
  return signs;
}

/** When the record of a name was written; `undefined` while that has to be read, or when nothing tells. */
function createdAt(
  { digest }: InventoryTag,
  facts: ReadonlyMap<Digest, Facts>,
  needs: Need[],
): number | undefined {
  if (digest === undefined) return undefined;
  const known = facts.get(digest);
  if (known === undefined || (known.kind === "image" && known.image === undefined)) {
    needs.push({ digest, config: true });
    return undefined;
  }
  if (known.kind !== "image" || typeof known.image !== "object") return undefined;
  const created = Date.parse(known.image.created ?? "");
  return Number.isNaN(created) ? undefined : created;
}
