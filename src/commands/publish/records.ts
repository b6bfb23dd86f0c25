import { isRegistryError } from "../../registry/error.ts";
import { LABEL } from "../../stages/labels.ts";
import { imageMetadataTag, managedImageTag } from "../../stages/tag.ts";
import type { CommandDeps } from "../deps.ts";
import { mapParallel } from "../parallel.ts";
import type { WriteRecord } from "./records-writer.ts";

/** Which records a project wants. */
export interface RecordPolicy {
  /** Whether image names are recorded. */
  readonly names: boolean;
  /** Hex ids of the commits that images are recorded for; none where the history is of no use. */
  readonly commits: readonly string[];
}

/** An image, and the tag of the stage or index that it came to. */
export interface RecordedImage {
  /** Empty for the nameless image. */
  readonly name: string;
  readonly stageId: string;
}

export interface RecordsResult {
  /** Tags of the records that were written, in no particular order. */
  readonly written: readonly string[];
  /** Tags of the records that were there already. */
  readonly there: readonly string[];
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

interface WantedRecord {
  readonly tag: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether the publishing stands without it where the credentials do not allow it. */
  readonly optional: boolean;
}

/**
 * Records images as the project's, and the commits they belong to. A record that is there stays as it is: all it says is
 * in its tag. One that another publisher writes at the same time, where tags never change, is there too.
 *
 * @param known Tags of the repository of the records.
 */
export async function writeRecords(
  images: readonly RecordedImage[],
  policy: RecordPolicy,
  known: ReadonlySet<string>,
  write: WriteRecord,
  { parallel }: Pick<CommandDeps, "parallel">,
): Promise<RecordsResult> {
  const wanted = wantedRecords(images, policy);
  const there = wanted.filter(({ tag }) => known.has(tag)).map(({ tag }) => tag);
  const written: string[] = [];
  const refused: string[] = [];
  // Names first: of a name that nobody recorded, no commit protects anything.
  for (const wave of [wanted.filter(isOfName), wanted.filter((record) => !isOfName(record))]) {
    const missing = wave.filter(({ tag }) => !known.has(tag));
    await mapParallel(missing, parallel, async ({ tag, labels, optional }) => {
      try {
        await write(tag, labels);
        written.push(tag);
      } catch (error) {
        if (isRegistryError(error, "conflict")) there.push(tag);
        else if (optional && isRegistryError(error, "denied")) refused.push(error.message);
        else throw error;
      }
    });
  }
  return { written, there, warnings: refusals(refused) };
}

function wantedRecords(
  images: readonly RecordedImage[],
  { names, commits }: RecordPolicy,
): WantedRecord[] {
  const wanted = new Map<string, WantedRecord>();
  for (const { name, stageId } of images) {
    const tag = managedImageTag(name);
    if (names) wanted.set(tag, { tag, labels: {}, optional: false });
    for (const commit of commits) {
      const record = imageMetadataTag(name, commit, stageId);
      const labels = { [LABEL.recordCommit]: commit };
      wanted.set(record, { tag: record, labels, optional: true });
    }
  }
  return [...wanted.values()];
}

function isOfName({ optional }: WantedRecord): boolean {
  return !optional;
}

/** Source: werf, which takes a refusal of these records for a warning too. */
function refusals([first, ...more]: readonly string[]): string[] {
  if (first === undefined) return [];
  const count = more.length + 1;
  const refused =
    count === 1
      ? "1 record of an image at a commit was"
      : `${count} records of images at commits were`;
  return [`${refused} refused, so no cleanup will know that the commit needs the image: ${first}`];
}
