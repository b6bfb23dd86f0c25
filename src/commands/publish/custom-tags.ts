import type { Digest } from "../../oci/digest.ts";
import type { ManifestBody } from "../../oci/manifest.ts";
import { formatReference } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import { RegistryError } from "../../registry/error.ts";
import type { CallOptions, Registry } from "../../registry/registry.ts";
import { customTagRecordTag } from "../../stages/tag.ts";
import type { CommandDeps } from "../deps.ts";
import { GuardError } from "../error.ts";
import { customTagLabels, readCustomTagRecord, resolveIfAny } from "./custom-tags-record.ts";
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
  /** Of its manifest in the repository of the tag. */
  readonly digest: Digest;
  /** That manifest; read only where the tag has to be written. */
  manifest(): Promise<ManifestBody>;
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
  const found = await resolveIfAny(target.registry, { host, name, tag }, { signal });
  if (found === undefined) return;
  // Another publisher may have set it between the two looks; its record was there before it.
  if ((await readCustomTagRecord(records, tag, { signal })) !== undefined) return;
  throw new GuardError(
    "foreign-tag",
    `${formatReference({ host, name, tag })} is there and is no custom tag of this project: setting it would take it from ${found.digest}; choose another, remove it, or --allow foreign-tag`,
  );
}

/**
 * Sets a custom tag: its record first, then the tag, and then a look whether both are still what was written. Where two
 * publishers set one tag at the same time, the record that was written last decides for both; a tag that a cleanup took
 * away meanwhile is set again.
 */
export async function setCustomTag(
  aim: CustomTagAim,
  homes: CustomTagHomes,
  write: WriteRecord,
  { signal }: Pick<CommandDeps, "signal">,
): Promise<CustomTagOutcome> {
  const { tag } = aim;
  let wanted = aim;
  let hasWritten = false;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const known = await readCustomTagRecord(homes.records, tag, { signal });
    if (round > 0) wanted = await decided(known, aim, homes.target, { signal });
    const isRecorded = known?.stageId === wanted.stageId;
    const record = isRecorded ? known : await writeRecord(wanted, write);
    const isSet = await setTag(wanted, homes.target, { signal });
    const isDone = isRecorded && !isSet;
    hasWritten ||= !isDone;
    if (isDone || (await isStill(record.digest, wanted, homes, { signal }))) {
      const status = wanted.stageId !== aim.stageId ? "yielded" : hasWritten ? "written" : "there";
      return { tag, digest: wanted.digest, status };
    }
  }
  throw new RegistryError("conflict", `the custom tag ${tag} is set by others again and again`);
}

/** Whether a tag and its record are what was written. */
async function isStill(
  record: Digest,
  { tag, digest }: CustomTagAim,
  { records, target }: CustomTagHomes,
  options: CallOptions,
): Promise<boolean> {
  const recordReference = { ...placeOf(records.repository), tag: customTagRecordTag(tag) };
  const seen = await resolveIfAny(records.registry, recordReference, options);
  if (seen?.digest !== record) return false;
  const reference = { ...placeOf(target.repository), tag };
  return (await resolveIfAny(target.registry, reference, options))?.digest === digest;
}

function writeRecord(
  { tag, stageId }: CustomTagAim,
  write: WriteRecord,
): Promise<Pick<CustomTagRecord, "digest">> {
  return write(customTagRecordTag(tag), customTagLabels(tag, stageId));
}

/** What the record says that another publisher wrote; without one, what this run wants. */
async function decided(
  known: CustomTagRecord | undefined,
  aim: CustomTagAim,
  { registry, repository }: CustomTagHomes["target"],
  options: CallOptions,
): Promise<CustomTagAim> {
  if (known?.stageId === undefined || known.stageId === aim.stageId) return aim;
  const { stageId } = known;
  const reference = { ...placeOf(repository), tag: stageId };
  const manifest = await registry.getManifest(reference, options);
  const { digest } = manifest;
  return { tag: aim.tag, stageId, digest, manifest: () => Promise.resolve(manifest) };
}

/** Sets the tag; answers whether it had to. */
async function setTag(
  { tag, digest, manifest }: CustomTagAim,
  { registry, repository }: CustomTagHomes["target"],
  options: CallOptions,
): Promise<boolean> {
  const reference = { ...placeOf(repository), tag };
  const found = await registry.resolve(reference, options);
  if (found?.digest === digest) return false;
  await registry.putManifest(reference, await manifest(), options);
  return true;
}

function placeOf({ host, name }: Repository): Repository {
  return { host, name };
}
