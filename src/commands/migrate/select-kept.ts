import { checkGuards } from "../../engine/cleanup/guards.ts";
import type { Facts, InventoryTag } from "../../engine/cleanup/inventory.ts";
import type { Digest } from "../../oci/digest.ts";
import { gatherCleanup } from "../cleanup/gather-cleanup.ts";
import type { HomeListing, Homes } from "../cleanup/homes.ts";
import { refuseViolations } from "../cleanup/refuse.ts";
import type { CommandDeps } from "../deps.ts";
import type { MigrationRequest, Selection } from "./request.ts";

/** What a cleanup of the source would keep, and what it read to decide that. */
export interface KeptTags {
  readonly tags: readonly InventoryTag[];
  readonly kept: ReadonlySet<string>;
  readonly facts: ReadonlyMap<Digest, Facts>;
  readonly warnings: readonly string[];
}

/** Decides as a cleanup of the source does in a dry run; what its guards object to is not carried out here either. */
export async function gatherKept(
  policy: NonNullable<Selection["kept"]>,
  { homes, listing }: { readonly homes: Homes; readonly listing: HomeListing },
  { allow }: Pick<MigrationRequest, "allow">,
  deps: CommandDeps,
): Promise<KeptTags> {
  const { planned: _, ...others } = deps;
  const { registry, repository } = homes.stages;
  const { records } = homes;
  const metaRepo = records === undefined ? {} : { metaRepo: records.repository };
  const gathered = await gatherCleanup(
    registry,
    { ...policy, ...metaRepo, repository },
    { ...others, openRegistry: (to) => deps.openRegistry(to, "from-meta-repo") },
    { listing },
  );
  const { plan, findings, facts } = gathered;
  const violations = checkGuards(plan, findings, undefined);
  refuseViolations(violations.filter(({ guard }) => guard !== "max-delete" && !allow.has(guard)));
  return {
    tags: gathered.tags().tags,
    kept: new Set(plan.kept.map(({ tag }) => tag)),
    facts,
    warnings: plan.warnings,
  };
}
