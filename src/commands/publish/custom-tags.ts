import type { Digest } from "../../oci/digest.ts";
import type { ManifestBody } from "../../oci/manifest.ts";
import { formatReference } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import { RegistryError } from "../../registry/error.ts";
import type { Registry } from "../../registry/registry.ts";
import { customTagRecordTag } from "../../stages/tag.ts";
import type { CommandDeps } from "../deps.ts";
import { GuardError } from "../error.ts";
import { customTagLabels, readCustomTagRecord } from "./custom-tags-record.ts";
import type { CustomTagRecord } from "./custom-tags-record.ts";
import type { RecordHome, WriteRecord } from "./records-writer.ts";

/** Where custom tags go, and where their records lie. */
export interface CustomTagHomes {
  readonly records: RecordHome;
  /** The final repository where there is one. */
  readonly target: { readonly registry: Registry; readonly repository: Repository };
}

/** What a custom tag is to name. */
export interface CustomTagAim {
  readonly tag: string;
  /** The tag of the stage or index. */
  readonly stageId: string;
  /** As it lies in the repository of the tag. */
  readonly manifest: ManifestBody;
}

export interface CustomTagOutcome {
  readonly tag: string;
  /** What it names now. */
  readonly digest: Digest;
  /** `yielded`: another publisher moved it at the same time, and it names that publisher's image. */
  readonly status: "written" | "there" | "yielded";
}

/** How often a tag that others move at the same time is set before that is an error. */
const MAX_ROUNDS = 4;

/**
 * Makes sure that a custom tag may be set, before it is. Rejects with `GuardError("foreign-tag")` where it is there and
 * no record says that it is the project's: setting it would take it from what it names.
 */
export async function checkCustomTag(
  tag: string,
  { records, target }: CustomTagHomes,
  { signal }: Pick<CommandDeps, "signal">,
): Promise<void> {
  if ((await readCustomTagRecord(records, tag, { signal })) !== undefined) return;
  const { host, name } = target.repository;
  const found = await target.registry.resolve({ host, name, tag }, { signal });
  if (found === undefined) return;
  throw new GuardError(
    "foreign-tag",
    `${formatReference({ host, name, tag })} is there and is no custom tag of this project: setting it would take it from ${found.digest}; choose another, remove it, or --allow foreign-tag`,
  );
}

/**
 * Sets a custom tag: its record first, then the tag, and then a look whether the record is still the one written. Where two
 * publishers set one tag at the same time, the record that was written last decides for both.
 */
export async function setCustomTag(
  aim: CustomTagAim,
  homes: CustomTagHomes,
  write: WriteRecord,
  { signal }: Pick<CommandDeps, "signal">,
): Promise<CustomTagOutcome> {
  const { tag } = aim;
  const { records, target } = homes;
  const { host, name } = target.repository;
  const recordTag = customTagRecordTag(tag);
  let known = await readCustomTagRecord(records, tag, { signal });
  let wanted = aim;
  let isWritten = false;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    let record: Pick<CustomTagRecord, "digest"> | undefined = known;
    if (known?.stageId !== wanted.stageId || record === undefined) {
      record = await write(recordTag, customTagLabels(tag, wanted.stageId));
      isWritten = true;
    }
    if (await setTag(wanted, target, { signal })) isWritten = true;
    const status = wanted === aim ? (isWritten ? "written" : "there") : "yielded";
    const outcome = { tag, digest: wanted.manifest.digest, status } as const;
    if (!isWritten) return outcome;
    const seen = await records.registry.resolve(
      { ...placeOf(records.repository), tag: recordTag },
      { signal },
    );
    if (seen?.digest === record.digest) return outcome;
    known = await readCustomTagRecord(records, tag, { signal });
    if (known?.stageId === undefined || known.stageId === aim.stageId) {
      wanted = aim;
      continue;
    }
    const { stageId } = known;
    const manifest = await target.registry.getManifest({ host, name, tag: stageId }, { signal });
    wanted = { tag, stageId, manifest };
  }
  throw new RegistryError("conflict", `the custom tag ${tag} is set by others again and again`);
}

/** Whether the tag had to be written. */
async function setTag(
  { tag, manifest }: CustomTagAim,
  { registry, repository }: CustomTagHomes["target"],
  options: { readonly signal: AbortSignal },
): Promise<boolean> {
  const reference = { ...placeOf(repository), tag };
  const found = await registry.resolve(reference, options);
  if (found?.digest === manifest.digest) return false;
  await registry.putManifest(reference, manifest, options);
  return true;
}

function placeOf({ host, name }: Repository): Repository {
  return { host, name };
}
