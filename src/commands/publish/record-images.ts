import type { Digest } from "../../oci/digest.ts";
import type { ManifestBody } from "../../oci/manifest.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import { classifyTag } from "../../stages/tag.ts";
import type { CommandDeps } from "../deps.ts";
import { GuardError } from "../error.ts";
import { mapParallel } from "../parallel.ts";
import { listTagNames } from "../tag-names.ts";
import { checkCustomTag, setCustomTag } from "./custom-tags.ts";
import type { CustomTagHomes, CustomTagOutcome } from "./custom-tags.ts";
import { planCustomTags } from "./custom-tags-template.ts";
import type { CustomTagTemplate, PlannedTag } from "./custom-tags-template.ts";
import { refuseOtherProject } from "./records-owner.ts";
import { createRecordWriter } from "./records-writer.ts";
import type { RecordHome, WriteRecord } from "./records-writer.ts";
import { writeRecords } from "./records.ts";
import type { RecordPolicy, RecordsResult } from "./records.ts";

/** What is written about images, and where. */
export interface RecordRequest {
  readonly project: string;
  /** Of the stages. */
  readonly primary: Repository;
  /** Where custom tags go, in place of the primary repository. */
  readonly final?: Repository;
  /** Where the records lie, when they are not with the stages. */
  readonly metaRepo?: Repository;
  readonly records: RecordPolicy;
  readonly customTags: readonly CustomTagTemplate[];
  /** Names of guards that are let through. */
  readonly allow: ReadonlySet<string>;
}

/** An image that is in the repositories. */
export interface ImageToRecord {
  /** Empty for the nameless image. */
  readonly name: string;
  readonly isFinal: boolean;
  /** The tag of its stage or index. */
  readonly stageId: string;
  /** Of its manifest where custom tags go. */
  readonly digest: Digest;
  manifest(): Promise<ManifestBody>;
}

export interface ImageTag extends CustomTagOutcome {
  /** Empty for the nameless image. */
  readonly image: string;
}

export interface Recorded {
  readonly records: RecordsResult;
  readonly customTags: readonly ImageTag[];
}

/** Records images and sets their custom tags. */
export interface ImageRecorder {
  readonly planned: readonly PlannedTag[];
  /**
   * Refuses a repository whose records are another project's, or lie elsewhere. Rejects with `GuardError`.
   *
   * @param tags Every tag of the repository of stages, as far as it is known.
   */
  admit(tags: ReadonlySet<string>): Promise<void>;
  /** @param tags As for `admit`. */
  record(images: readonly ImageToRecord[], tags: ReadonlySet<string>): Promise<Recorded>;
}

/**
 * Makes sure, before anything is published, that custom tags can be set; answers what records the images then. Rejects with
 * `UsageError` and `GuardError`.
 *
 * @param images What is going to be published.
 */
export async function openRecorder(
  request: RecordRequest,
  images: readonly Pick<ImageToRecord, "name" | "isFinal">[],
  deps: CommandDeps,
): Promise<ImageRecorder> {
  const { customTags, allow } = request;
  const finals = images.filter(({ isFinal }) => isFinal).map(({ name }) => name);
  const planned = planCustomTags(customTags, finals);
  const homes = await openHomes(request, deps);
  const check = async (tag: string): Promise<void> => {
    if (!allow.has("foreign-tag")) await checkCustomTag(tag, homes, deps);
  };
  const known = planned.flatMap(({ tag }) => (tag === undefined ? [] : [tag]));
  await mapParallel(known, deps.parallel, check);

  let admission: Promise<void> | undefined;

  return {
    planned,
    admit,
    async record(stored, tags) {
      refuseMovedRecords(tags, request);
      const recorded = await recordTags(tags);
      const write = guarded(createRecordWriter(homes.records, deps), tags);
      const records = await writeRecords(stored, request.records, recorded, write, deps);
      const byName = new Map(stored.map((image) => [image.name, image]));
      const outcomes = await mapParallel(planned, deps.parallel, async (plan) => {
        const image = byName.get(plan.image);
        if (image === undefined) return [];
        const tag = plan.tag ?? (await late(plan, image));
        const outcome = await setCustomTag({ ...image, tag }, homes, write, deps);
        return [{ ...outcome, image: image.name }];
      });
      return { records, customTags: outcomes.flat() };
    },
  };

  function admit(tags: ReadonlySet<string>): Promise<void> {
    admission ??= look(tags);
    return admission;
  }

  async function look(tags: ReadonlySet<string>): Promise<void> {
    refuseMovedRecords(tags, request);
    if (allow.has("other-project")) return;
    await refuseOtherProject(await recordTags(tags), homes.records, deps);
  }

  /** Looks whose records there are before the first one is written. */
  function guarded(write: WriteRecord, tags: ReadonlySet<string>): WriteRecord {
    return async (tag, labels) => {
      await admit(tags);
      return write(tag, labels);
    };
  }

  /** Every tag where the records lie. */
  async function recordTags(tags: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    return request.metaRepo === undefined ? tags : listed(homes.records);
  }

  async function listed({ registry, repository }: RecordHome): Promise<ReadonlySet<string>> {
    return new Set(await listTagNames(registry, repository, deps.signal));
  }

  /** The custom tag that only the content tells. */
  async function late({ template }: PlannedTag, { name, stageId }: ImageToRecord): Promise<string> {
    const tag = template.tagOf(name, stageId);
    await check(tag);
    return tag;
  }
}

async function openHomes(
  { project, primary, final, metaRepo }: RecordRequest,
  { openRegistry }: CommandDeps,
): Promise<CustomTagHomes> {
  const stages = { registry: await openRegistry(primary), repository: primary };
  const records =
    metaRepo === undefined
      ? stages
      : { registry: await openRegistry(metaRepo, "meta-repo"), repository: metaRepo };
  const target =
    final === undefined
      ? stages
      : { registry: await openRegistry(final, "final-repo"), repository: final };
  return { records: { ...records, project }, target };
}

/** A marker among the stages says that their records lie elsewhere: there, a record would be found by nobody. */
function refuseMovedRecords(
  tags: ReadonlySet<string>,
  { primary, metaRepo }: Pick<RecordRequest, "primary" | "metaRepo">,
): void {
  if (metaRepo !== undefined) return;
  const marker = [...tags].find((tag) => classifyTag(tag).kind === "meta-repo-marker");
  if (marker === undefined) return;
  throw new GuardError(
    "meta-repo",
    `tag ${marker} says that the records of ${formatRepository(primary)} lie in another repository; name it with --meta-repo`,
  );
}
