import type { RecordedBuild } from "../commands/publish/build-report.ts";
import type { PublishedImage } from "../commands/publish/published.ts";
import type { ImageTag, Recorded } from "../commands/publish/record-images.ts";
import type { PublishRun, RunPreview } from "../commands/publish/run-publish.ts";
import type { RequestCounts } from "../http/client.ts";
import type { Digest } from "../oci/digest.ts";
import { formatReference, formatRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import { annotateWarnings, appendStepSummary } from "./ci-output.ts";
import type { Host } from "./host.ts";
import { shownName } from "./publish-images.ts";
import type { PublishFlags } from "./publish-options.ts";
import type { PublishSettings } from "./publish-settings.ts";
import { table } from "./table.ts";

type Counted<Result> = Result & { readonly requests: RequestCounts };

/** What came of a publishing, told to whoever asked for it. */
export interface PublishOutput {
  readonly host: Host;
  readonly flags: PublishFlags;
  readonly settings: PublishSettings;
}

/** An image as all outputs tell it: where deployments find it. */
interface ShownImage {
  readonly name: string;
  /** In words. */
  readonly what: string;
  /** `repository:tag` */
  readonly reference: string;
}

/** Prints what was published. */
export async function printPublish(
  output: PublishOutput,
  { images, records, customTags, warnings, requests }: Counted<PublishRun>,
): Promise<void> {
  const parts = { records: recordsJson(records), warnings, requests };
  if (output.flags.output === "json") {
    printJson(output, {
      dryRun: false,
      images: images.map((image) => imageJson(image, output.settings)),
      customTags: customTags.map((tag) => customTagJson(tag, output.settings)),
      ...parts,
    });
  }
  annotateWarnings(output.host, "tidemark publish", warnings);
  await show(
    output,
    images.map((image) => shownImage(image, output.settings)),
    { records, customTags },
  );
}

/** Prints what was recorded without being published. */
export async function printRecorded(
  output: PublishOutput,
  { images, records, customTags, requests }: Counted<RecordedBuild>,
): Promise<void> {
  const { settings } = output;
  const shown = images.map(({ name, isFinal, stageId, digest }) => ({
    name,
    final: isFinal,
    tag: stageId,
    digest,
    reference: formatReference({ ...placeOf(isFinal, settings), tag: stageId }),
  }));
  if (output.flags.output === "json") {
    printJson(output, {
      dryRun: false,
      images: shown,
      customTags: customTags.map((tag) => customTagJson(tag, settings)),
      records: recordsJson(records),
      warnings: records.warnings,
      requests,
    });
  }
  await show(
    output,
    shown.map(({ name, reference }) => ({ name, what: "was there", reference })),
    { records, customTags },
  );
}

const ACTIONS = {
  reuse: "is there",
  copy: "would be copied",
  upload: "would be uploaded",
} as const;

/** Prints what would be published. */
export function printPreview(
  output: PublishOutput,
  { images, customTags, warnings, requests }: Counted<RunPreview>,
): void {
  const { host, flags } = output;
  if (flags.output === "json") {
    const shown = images.map(({ name, isFinal, stages }) => ({ name, final: isFinal, stages }));
    const tags = customTags.map(({ image, tag, template }) => ({
      image,
      template: template.text,
      ...(tag === undefined ? {} : { tag }),
    }));
    printJson(output, { dryRun: true, images: shown, customTags: tags, warnings, requests });
    return;
  }
  const rows = images.flatMap(({ name, stages }) =>
    stages.map(({ platform, action, stageId, stageDigest }) => [
      shownName(name),
      platform,
      ACTIONS[action],
      stageId ?? `${stageDigest}-…`,
    ]),
  );
  const tags = customTags.map(({ image, tag, template }) => [
    shownName(image),
    "",
    "would be a custom tag",
    tag ?? template.text,
  ]);
  host.print(`${table(host, ["image", "platform", "what", "tag"], [...rows, ...tags])}\n`);
}

async function show(
  { host, flags, settings }: PublishOutput,
  images: readonly ShownImage[],
  { records, customTags }: Recorded,
): Promise<void> {
  const rows = [
    ...images.map(({ name, what, reference }) => [shownName(name), what, reference]),
    ...customTags.map((tag) => [
      shownName(tag.image),
      TAGGED[tag.status],
      formatReference({ ...placeOf(true, settings), tag: tag.tag }),
    ]),
  ];
  if (flags.output === "table")
    host.print(`${table(host, ["image", "what", "reference"], rows)}\n`);
  const { written, there } = records;
  host.say(`${written.length} records were written, ${there.length} were there already`, flags);
  await appendStepSummary(host, () => markdown(rows, settings));
}

const TAGGED = {
  written: "custom tag set",
  there: "custom tag was there",
  yielded: "custom tag set by another publisher",
} as const;

const SOURCES = {
  uploaded: "uploaded",
  reused: "was there",
  cache: "was there",
  secondary: "copied",
} as const;

function shownImage(image: PublishedImage, settings: PublishSettings): ShownImage {
  const { name, stages } = image;
  const sources = [...new Set(stages.map(({ source }) => SOURCES[source]))];
  const platforms = stages.map(({ platform }) => platform).join(", ");
  const what = `${sources.join(", ")} (${platforms})`;
  return { name, what, reference: mainOf(image, settings).reference };
}

/** The stage or index that stands for an image, in the final repository where it is there. */
function mainOf(
  { isFinal, stages, index, final }: PublishedImage,
  settings: PublishSettings,
): { readonly tag: string; readonly digest: Digest; readonly reference: string } {
  const stored = final?.index ?? final?.stages[0] ?? index ?? stages[0];
  if (stored === undefined) throw new Error("an image was published without a stage");
  const { stageId: tag, digest } = stored;
  return { tag, digest, reference: formatReference({ ...placeOf(isFinal, settings), tag }) };
}

function imageJson(image: PublishedImage, settings: PublishSettings): object {
  const { name, isFinal, stages } = image;
  return {
    name,
    final: isFinal,
    ...mainOf(image, settings),
    stages: stages.map((stage) => ({
      platform: stage.platform,
      stageId: stage.stageId,
      digest: stage.digest,
      configDigest: stage.configDigest,
      size: stage.size,
      source: stage.source,
      createdAt: new Date(stage.createdAt).toISOString(),
    })),
  };
}

function customTagJson(
  { image, tag, digest, status }: ImageTag,
  settings: PublishSettings,
): object {
  return {
    image,
    tag,
    digest,
    reference: formatReference({ ...placeOf(true, settings), tag }),
    status,
  };
}

function recordsJson({ written, there }: Recorded["records"]): object {
  return { written: written.toSorted(), there: there.toSorted() };
}

/** Where images are deployed from. */
function placeOf(isFinal: boolean, { records: { primary, final } }: PublishSettings): Repository {
  const { host, name } = (isFinal ? final : undefined) ?? primary;
  return { host, name };
}

function printJson({ host, settings }: PublishOutput, parts: object): void {
  const { project, primary } = settings.records;
  const repository = formatRepository(primary);
  host.print(
    `${JSON.stringify({ schema: 1, command: "publish", repository, project, ...parts })}\n`,
  );
}

/** A table for the page of the run. */
function markdown(
  rows: readonly (readonly string[])[],
  { records: { project } }: PublishSettings,
): string {
  const lines = rows.map(
    ([name = "", what = "", reference = ""]) =>
      `| ${name.replaceAll("|", "\\|")} | ${what} | \`${reference}\` |`,
  );
  return [
    `### Images of ${project}`,
    "",
    "| image | what | reference |",
    "| --- | --- | --- |",
    ...lines,
    "",
    "",
  ].join("\n");
}
