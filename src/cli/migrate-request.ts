import { resolve } from "node:path";

import { UsageError } from "../commands/error.ts";
import type { MigrateRequest } from "../commands/migrate/migrate.ts";
import type { Selection } from "../commands/migrate/request.ts";
import type { Config } from "../config/config.ts";
import { isNamespaceAddress, parseRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import { guardsOf } from "./migrate-options.ts";
import type { SelectionFlags, TransferFlags } from "./migrate-options.ts";
import { sidesOf } from "./migrate-sides.ts";
import { namelessPolicyRequest } from "./policy-options.ts";
import type { PolicyFlags } from "./policy-options.ts";
import type { UsageFlags } from "./usage-options.ts";

/** What every command that copies is asked, besides what it selects. */
export function transferRequest(
  flags: TransferFlags,
): Omit<MigrateRequest, "selection" | "removal"> {
  const { dryRun, verify, overwrite, referrers, state, allow } = flags;
  if (state === "") throw new UsageError("--state is empty; name a file");
  return {
    ...sidesOf(flags),
    dryRun,
    verify,
    overwrite,
    referrers,
    allow: guardsOf(allow),
    ...(state === undefined ? {} : { state: resolve(state) }),
  };
}

/** What `migrate` is told about what a cleanup keeps. */
export type KeptFlags = Pick<PolicyFlags, "keepList" | "keepStagesBuiltWithinLastNHours" | "fetch">;

/** Everything that tells what of the source is copied. */
type ChoiceFlags = SelectionFlags & KeptFlags & TransferFlags & UsageFlags;

/** What of the source is copied. Rejects with `UsageError`, `ConfigError`. */
export async function selectionOf(
  flags: ChoiceFlags,
  config: Config | undefined,
): Promise<Selection> {
  const { image, tag, youngerThan, olderThan, foreign } = flags;
  const classes = new Set(flags.class);
  return {
    ...(classes.size === 0 ? {} : { classes }),
    ...(image.length === 0 ? {} : { images: image }),
    ...(tag.length === 0 ? {} : { tags: tag }),
    ...(youngerThan === undefined ? {} : { youngerThanMs: youngerThan }),
    ...(olderThan === undefined ? {} : { olderThanMs: olderThan }),
    ...(flags.kept ? { kept: await keptBy(flags) } : {}),
    foreign: foreign || classes.has("foreign"),
    ...(config === undefined ? {} : { rules: config.cleanup.rules }),
  };
}

/** What a cleanup of the source would be asked. */
async function keptBy(flags: ChoiceFlags): Promise<NonNullable<Selection["kept"]>> {
  const sweep = { deleteUntagged: false, deleteOrphans: false };
  const { policy, disabled } = await namelessPolicyRequest({ ...flags, ...sweep, journalKeep: 0 });
  if (!disabled) return policy;
  throw new UsageError(
    "--kept: cleanup.disable is set, so a cleanup would keep everything; leave --kept out",
  );
}

/** Where the records of the source are, when they are not with its stages. Throws `UsageError` or `AddressError`. */
export function fromMetaRepoOf({ fromMetaRepo }: SelectionFlags): {
  readonly fromMetaRepo?: Repository;
} {
  if (fromMetaRepo === undefined) return {};
  if (fromMetaRepo === "" || isNamespaceAddress(fromMetaRepo)) {
    throw new UsageError(
      `--from-meta-repo ${fromMetaRepo} names no repository; write host/name or oci:PATH`,
    );
  }
  return { fromMetaRepo: parseRepository(fromMetaRepo, (path) => resolve(path)) };
}

/** Names in `--image` are those of images that one repository may hold in its tags. */
export function imageNamesOf({ image }: SelectionFlags): {
  readonly imageNames?: readonly string[];
} {
  const names = image.filter((name) => !name.includes("*"));
  return names.length === 0 ? {} : { imageNames: names };
}
