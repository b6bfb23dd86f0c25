import { createHash } from "node:crypto";
import { imageOf, seedContent } from "../../contract-tests/fakes/seed.ts";
import type { RepositoryState } from "../../contract-tests/fakes/state.ts";
import { murmurHash } from "../../src/stages/hash.ts";
import { LABEL } from "../../src/stages/labels.ts";
import { stageTag } from "../../src/stages/tag.ts";

export const PROJECT = "shop";

/** A repository as a project fills it over the years. */
export interface ProjectSize {
  readonly images: number;
  /** Stages that each image of each build consists of; the last is the one that records name. */
  readonly stagesPerBuild: number;
  readonly builds: number;
  /** Records that tie a build to a commit: an image that does not change serves many. */
  readonly records: number;
  /** Custom tags, each with its record. */
  readonly customTags: number;
  readonly importRecords: number;
  readonly rejected: number;
  /** Tags that are nobody's. */
  readonly foreign: number;
}

export interface Commit {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/**
 * Fills a repository with a project whose builds are spread evenly over `commits`, oldest first: each build serves the
 * commit that it was made for and those that follow it.
 */
export function seedProject(
  repository: RepositoryState,
  commits: readonly Commit[],
  size: ProjectSize,
): void {
  const finals = Array.from({ length: size.builds }, (_, build) => seedBuild(build));
  for (let image = 0; image < size.images; image += 1) {
    record(`managed-image-${imageName(image)}`, {});
  }
  for (let at = 0; at < size.records; at += 1) {
    const build = at % size.builds;
    const hash = murmurHash(imageName(build % size.images));
    const commit = commitOf(build, Math.floor(at / size.builds));
    record(`meta-${hash}_${commit.id}_${finals[build]}`, { [LABEL.commit]: commit.id });
  }
  for (let at = 0; at < size.customTags; at += 1) {
    const stageId = finals[at] ?? "";
    const tag = `release-${at}`;
    const digest = repository.tags.get(stageId);
    if (digest !== undefined) repository.tags.set(tag, digest);
    record(`custom-tag-meta-${tag}`, { [LABEL.customTag]: tag, [LABEL.customTagStage]: stageId });
  }
  for (let at = 0; at < size.importRecords; at += 1) {
    record(`import-metadata-${hex(`import ${at}`, 64)}`, {
      [LABEL.importRecordStage]: finals[at] ?? "",
      [LABEL.importRecordChecksum]: hex(`checksum ${at}`, 64),
    });
  }
  for (let at = 0; at < size.rejected; at += 1) {
    record(`${finals[finals.length - 1 - at] ?? ""}-rejected`, {});
  }
  for (let at = 0; at < size.foreign; at += 1) {
    const created = new Date(1_600_000_000_000 + at * 1000).toISOString();
    seedContent(repository, imageOf({ created }), [`v1.${at}.0`]);
  }

  /** Stores the stages of one build, each on the one before, and answers with the last one's tag. */
  function seedBuild(build: number): string {
    const { time } = commitOf(build, 0);
    let parent: string | undefined;
    for (let step = 0; step < size.stagesPerBuild; step += 1) {
      const tag = stageTag(hex(`stage ${build} ${step}`, 56), time + step);
      const created = new Date(time + step).toISOString();
      const labels = {
        [LABEL.project]: PROJECT,
        [LABEL.contentDigest]: tag.slice(0, 56),
        ...(parent === undefined ? {} : { [LABEL.parentStage]: parent }),
      };
      seedContent(repository, imageOf({ created, labels, layers: [tag] }), [tag]);
      parent = tag;
    }
    return parent ?? "";
  }

  function commitOf(build: number, later: number): Commit {
    const spread = commits.length - Math.ceil(size.records / size.builds);
    const commit = commits[Math.floor((build * spread) / size.builds) + later];
    if (commit === undefined) throw new Error("the history is too short for so many records");
    return commit;
  }

  function record(tag: string, labels: Readonly<Record<string, string>>): void {
    // Its own tag in a label: no two records share a digest.
    const content = imageOf({
      labels: { ...labels, [LABEL.project]: PROJECT, of: tag },
      layers: [],
    });
    seedContent(repository, content, [tag]);
  }
}

function imageName(image: number): string {
  return `service-${image}`;
}

function hex(text: string, length: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}
