import { formatReference, formatRepository } from "../../oci/reference.ts";
import type { Repository, TagReference } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import { classifyTag } from "../../stages/tag.ts";
import type { CommandDeps } from "../deps.ts";
import { PlanError, UsageError } from "../error.ts";
import { mapParallel } from "../parallel.ts";
import { listTagNames } from "../tag-names.ts";
import { openRecorder } from "./record-images.ts";
import type { ImageToRecord, Recorded, RecordRequest } from "./record-images.ts";

/** An image that a build report tells of. */
export interface BuiltImage {
  /** Empty for the nameless image. */
  readonly name: string;
  readonly isFinal: boolean;
  readonly repository: Repository;
  readonly tag: string;
  /** Of the manifest; absent where the report does not say. */
  readonly digest?: string;
}

export type RecordedBuild = Recorded & { readonly images: readonly ImageToRecord[] };

/**
 * Records images that were published before, and sets their custom tags, after a look whether each is there as it was then.
 *
 * Rejects with `PlanError`: `wrong-repository` where the report tells of another repository, `outdated` where an image is
 * not there, or is another.
 */
export async function recordBuilt(
  images: readonly BuiltImage[],
  request: RecordRequest,
  deps: CommandDeps,
): Promise<RecordedBuild> {
  for (const image of images) refuseForeign(image, request);
  const recorder = await openRecorder(request, images, deps);
  const found = await mapParallel(images, deps.parallel, (image) => look(image, request, deps));
  const { primary } = request;
  const registry = await deps.openRegistry(primary);
  const tags = await listTagNames(registry, primary, deps.signal);
  return { ...(await recorder.record(found, new Set(tags))), images: found };
}

function refuseForeign(
  { name, repository, tag, isFinal }: BuiltImage,
  request: RecordRequest,
): void {
  const { kind } = classifyTag(tag);
  if (kind !== "stage" && kind !== "index") {
    throw new UsageError(
      `the build report gives image "${name}" the tag ${tag}, which is neither a stage's nor an index's`,
    );
  }
  const expected = (isFinal ? request.final : undefined) ?? request.primary;
  const [told, asked] = [repository, expected].map(formatRepository);
  if (told === asked) return;
  throw new PlanError(
    "wrong-repository",
    `the build report has image "${name}" in ${told}, and this run is about ${asked}`,
  );
}

async function look(
  { name, isFinal, tag, digest, repository }: BuiltImage,
  { primary, final }: RecordRequest,
  deps: CommandDeps,
): Promise<ImageToRecord> {
  const isCopy = isFinal && final !== undefined;
  const registry = await deps.openRegistry(repository, isCopy ? "final-repo" : "repo");
  const reference = { host: repository.host, name: repository.name, tag };
  const found = await resolve(registry, reference, name, deps);
  if (digest !== undefined && found !== digest) {
    throw new PlanError(
      "outdated",
      `image "${name}" was ${digest} when the build report was written, and ${formatReference(reference)} is ${found}; publish it again`,
    );
  }
  if (isCopy) {
    const stage = { host: primary.host, name: primary.name, tag };
    await resolve(await deps.openRegistry(primary), stage, name, deps);
  }
  const { signal } = deps;
  return {
    name,
    isFinal,
    stageId: tag,
    digest: found,
    manifest: () => registry.getManifest({ ...repository, digest: found }, { signal }),
  };
}

async function resolve(
  registry: Registry,
  reference: TagReference,
  name: string,
  { signal }: CommandDeps,
): Promise<ImageToRecord["digest"]> {
  const found = await registry.resolve(reference, { signal });
  if (found !== undefined) return found.digest;
  throw new PlanError(
    "outdated",
    `image "${name}" of the build report is not there any more: ${formatReference(reference)}; publish it again`,
  );
}
