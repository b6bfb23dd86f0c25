import type { PlannedTag } from "../../engine/migrate/plan.ts";
import type { TagLabel } from "../../engine/cleanup/plan.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import type { CommandDeps } from "../deps.ts";
import { mapParallel } from "../parallel.ts";
import { listTagNames } from "../tag-names.ts";

/**
 * Classes of tags that somebody else may set to something of their own at any time: people choose their names, or, as of
 * signatures and of indexes of referrers, one name is for all that is about an image.
 */
const CHOSEN: ReadonlySet<TagLabel> = new Set(["custom-tag", "image", "foreign", "signature"]);

/**
 * Which tags somebody has set since the plan was made, and to what. A registry sets a tag wherever it was before, so what
 * is looked at shortly before is all the care that can be taken.
 */
export async function findTaken(
  tags: readonly PlannedTag[],
  { registry, repository }: { readonly registry: Registry; readonly repository: Repository },
  { signal, parallel }: Pick<CommandDeps, "signal" | "parallel">,
): Promise<ReadonlyMap<PlannedTag, Digest>> {
  const open = new Map(
    tags.flatMap((tag) =>
      tag.there === "missing" && CHOSEN.has(tag.class) ? [[tag.as, tag] as const] : [],
    ),
  );
  if (open.size === 0) return new Map();
  const { host, name } = repository;
  const there = await listTagNames(registry, repository, signal);
  const listed = there.flatMap((tag) => open.get(tag) ?? []);
  const found = await mapParallel(listed, parallel, async (tag) => {
    const set = await registry.resolve({ host, name, tag: tag.as }, { signal });
    return set === undefined ? [] : [[tag, set.digest] as const];
  });
  return new Map(found.flat());
}
