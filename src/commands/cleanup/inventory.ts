import type { InventoryTag } from "../../engine/cleanup/inventory.ts";
import type { Repository } from "../../oci/reference.ts";
import { UNREADABLE_DIRECTORY, isRegistryError } from "../../registry/error.ts";
import type { Registry, TagEntry } from "../../registry/registry.ts";
import { classifyTag } from "../../stages/tag.ts";
import type { CommandDeps } from "../deps.ts";
import { GuardError } from "../error.ts";
import { mapParallel } from "../parallel.ts";

/** Readings after which a listing that never agrees with itself is given up. */
const MAX_READINGS = 5;

/**
 * Lists every tag. A registry that pages by offset is read until two readings agree. A listing that is visibly cut
 * stops the run.
 */
export async function listTags(
  registry: Pick<Registry, "capabilities" | "listTags">,
  repository: Repository,
  { report, signal }: Pick<CommandDeps, "report" | "signal">,
): Promise<TagEntry[]> {
  report({ type: "phase.started", phase: "listing tags" });
  let listing = await readListing(registry, repository, signal);
  if (registry.capabilities.listingPaging === "cursor") return listing;
  for (let reading = 1; reading < MAX_READINGS; reading += 1) {
    const again = await readListing(registry, repository, signal);
    if (sameTags(listing, again)) return again;
    listing = again;
  }
  throw new GuardError(
    "incomplete-listing",
    `the tag listing changed between ${MAX_READINGS} readings; run again when fewer builds are pushing`,
  );
}

/**
 * Classifies tags and finds what they point at.
 *
 * @param known Entries from before; a stage tag or a record that had a digest keeps it, since such tags never move.
 */
export async function resolveTags(
  registry: Pick<Registry, "resolve">,
  repository: Repository,
  listing: readonly TagEntry[],
  deps: Pick<CommandDeps, "report" | "signal" | "parallel"> & {
    readonly known?: ReadonlyMap<string, InventoryTag>;
  },
): Promise<InventoryTag[]> {
  const { report, signal, parallel, known } = deps;
  const asked = listing.filter((entry) => entry.digest === undefined && !isSettled(entry, known));
  if (asked.length > 0) {
    report({ type: "phase.started", phase: "resolving tags", total: asked.length });
  }
  let done = 0;
  return mapParallel(listing, parallel, async (entry): Promise<InventoryTag> => {
    const before = known?.get(entry.tag);
    if (before !== undefined && entry.digest === undefined && isSettled(entry, known))
      return before;
    const { tag, pushedAt } = entry;
    const found =
      entry.digest === undefined
        ? await registry.resolve({ host: repository.host, name: repository.name, tag }, { signal })
        : entry;
    if (entry.digest === undefined) {
      done += 1;
      report({ type: "phase.advanced", phase: "resolving tags", done });
    }
    return {
      tag,
      class: before?.class ?? classifyTag(tag),
      ...(found?.digest === undefined ? {} : { digest: found.digest }),
      ...(found?.mediaType === undefined ? {} : { mediaType: found.mediaType }),
      ...(pushedAt === undefined ? {} : { pushedAt }),
    };
  });
}

/** Whether a tag that was resolved before can have moved since: only names that people choose do. */
function isSettled(
  { tag }: TagEntry,
  known: ReadonlyMap<string, InventoryTag> | undefined,
): boolean {
  const before = known?.get(tag);
  if (before?.digest === undefined) return false;
  const { kind } = before.class;
  return kind !== "foreign" && kind !== "index" && kind !== "signature";
}

async function readListing(
  registry: Pick<Registry, "listTags">,
  repository: Repository,
  signal: AbortSignal,
): Promise<TagEntry[]> {
  try {
    return await Array.fromAsync(registry.listTags(repository, { signal }));
  } catch (error) {
    const isCut = isRegistryError(error, "protocol") && error.registryCode !== UNREADABLE_DIRECTORY;
    if (isCut) throw new GuardError("incomplete-listing", error.message);
    throw error;
  }
}

function sameTags(a: readonly TagEntry[], b: readonly TagEntry[]): boolean {
  const tags = new Set(a.map(({ tag }) => tag));
  return a.length === b.length && b.every(({ tag }) => tags.has(tag));
}
